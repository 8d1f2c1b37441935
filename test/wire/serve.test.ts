import type { ServerResponse } from 'node:http'
import { execFile } from 'node:child_process'
import { Agent, get, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { firstValueFrom, NEVER } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serve } from 'rivulet/server'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving, stopped } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

const home = fileURLToPath(new URL('../..', import.meta.url))
const host = '127.0.0.1'

async function takenPort(): Promise<number> {
  const taken = createServer().listen(0, host)
  onTestFinished(() => void taken.close())
  await event(taken, 'listening')
  return (taken.address() as { port: number }).port
}

describe('listening', () => {
  test('emits the address and completes, also for who comes late', async () => {
    const { server, port } = await serving()
    const log: unknown[] = []
    server.listening.subscribe({
      next: address => log.push(address),
      complete: () => log.push('completes'),
    })
    expect(port).toBeGreaterThan(0)
    expect(log).toEqual([{ address: host, family: 'IPv4', port }, 'completes'])
  })

  test('errors when the port is taken', async () => {
    const server = serve({ port: await takenPort(), host })
    await expect(firstValueFrom(server.listening)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await stopped(server)
  })

  test('throws when the port is taken and nobody observes it', async () => {
    const port = await takenPort()
    const script = `import { serve } from './src/server/index.ts'
      serve({ port: ${port}, host: '${host}' })`
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    const child = execFile(process.execPath, args, { cwd: home })
    let said = ''
    child.stderr?.on('data', (text: string) => (said += text))
    const [code] = await event<[number | null]>(child, 'close')
    expect(code).not.toBe(0)
    expect(said).toContain('EADDRINUSE')
  })
})

describe('close', () => {
  test('sends 1001 to every connection and completes when all are gone', async () => {
    const { server, url } = await serving({}, () => NEVER)
    const log: string[] = []
    server.connections.subscribe({
      next: ({ closed }) => closed.subscribe(({ code, by }) => log.push(`${by} ${code}`)),
      complete: () => log.push('connections complete'),
    })
    const clients = await Promise.all([openClient(url), openClient(url), openClient(url)])
    await stopped(server)
    expect(log).toEqual(['local 1001', 'local 1001', 'local 1001', 'connections complete'])
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 1001, reason: 'server going away' })
    }
  })

  test('acts at once, without anybody subscribing', async () => {
    const { server, url } = await serving({}, () => NEVER)
    const client = await openClient(url)
    server.close()
    expect(await client.closed).toMatchObject({ code: 1001 })
  })

  test('changes nothing when it is called again', async () => {
    const { server, url } = await serving({}, () => NEVER)
    const client = await openClient(url)
    const [first, second] = [stopped(server), stopped(server)]
    await first
    await second
    await stopped(server)
    expect(await client.closed).toMatchObject({ code: 1001 })
  })

  test('completes without any connection', async () => {
    await stopped((await serving()).server)
  })

  test('takes no new connection', async () => {
    const { server, port } = await serving()
    await stopped(server)
    await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('leaves nothing listening when it comes in the turn of serve', async () => {
    const server = serve({ port: 0, host })
    const told: unknown[] = []
    server.listening.subscribe(address => told.push(address))
    await stopped(server)
    // what the lookup of the host brings comes in a later turn
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap')
    expect(told).toEqual([])
  })

  test('ends HTTP connections that are kept alive', async () => {
    const { server, port } = await serving({
      path: '/ws',
      request: (_, response) => response.end('page'),
    })
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const [response] = await event<[IncomingMessage]>(get({ port, host, agent }), 'response')
    const { socket } = response
    response.resume()
    await event(response, 'end')
    const ended = event(socket, 'close')
    await stopped(server)
    await ended
  })

  test('lets a plain answer that is under way end, though the last connection is gone', async () => {
    const answers: ServerResponse[] = []
    const { server, port, url } = await serving(
      { path: '/ws', request: (_, response) => answers.push(response) },
      () => NEVER,
    )
    const client = await openClient(url)
    const half = await RawClient.connect(port)
    half.write('GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await expect.poll(() => answers.length).toBe(1)
    answers[0]?.write('half')
    const closed = stopped(server)
    expect(await client.closed).toMatchObject({ code: 1001 })
    answers[0]?.end(' and half')
    await closed
    expect(await half.rest()).toMatch(/half[^]* and half/)
  })

  test('ends a request that never ends after timeouts.close', async () => {
    const { server, port, url } = await serving({ timeouts: { close: 300 } }, () => NEVER)
    const opened = nextOf(server)
    const client = await openClient(url)
    const half = await RawClient.connect(port)
    half.write('GET / HTTP/1.1\r\n')
    const connection = await opened
    const closed = stopped(server)
    expect(await client.closed).toMatchObject({ code: 1001 })
    await firstValueFrom(connection.closed)
    await closed
    expect(await half.rest()).toBe('')
  }, 5_000)

  test('waits timeouts.close for a peer that does not answer, and no longer', async () => {
    const { server, port } = await serving({ timeouts: { close: 150 } }, () => NEVER)
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    await stopped(server)
    expect(await firstValueFrom(connection.closed)).toMatchObject({ code: 1006, sent: 1001 })
    await client.rest()
  })
})

describe('request', () => {
  test('answers plain requests beside the WebSocket', async () => {
    const { port, url } = await serving(
      { path: '/ws', request: (request, response) => response.end(`page ${request.url ?? ''}`) },
      ({ messages }) => messages,
    )
    expect(await (await fetch(`http://${host}:${port}/a`)).text()).toBe('page /a')
    expect((await fetch(`http://${host}:${port}/ws`)).status).toBe(426)
    const client = await openClient(url)
    client.ws.send('echo')
    expect(await client.next()).toBe('echo')
  })
})
