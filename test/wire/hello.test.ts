import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { event } from './event.js'
import { byNpm, ExampleProcess } from './example-process.js'
import { closeOf, closePayload, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { openClient } from './ws-client.js'

checkLeaks()

async function started(command?: string[]) {
  const example = new ExampleProcess(['--port', '0'], {}, command)
  const port = await example.listening()
  return { example, port, page: `http://127.0.0.1:${port}/`, url: `ws://127.0.0.1:${port}/ws` }
}

/** A port that somebody listens on, and one that nobody does. */
async function ports(): Promise<{ taken: number; free: number }> {
  const [taken, free] = [createServer().listen(0, '127.0.0.1'), createServer().listen(0)]
  onTestFinished(() => void taken.close())
  await Promise.all([event(taken, 'listening'), event(free, 'listening')])
  const found = {
    taken: (taken.address() as AddressInfo).port,
    free: (free.address() as AddressInfo).port,
  }
  const closed = event(free, 'close')
  free.close()
  await closed
  return found
}

describe('the hello example', () => {
  test('says hello 5 s after the connection opened and every 5 s from then on', async () => {
    const { url } = await started()
    // a page that was opened from a file
    const client = await openClient(url, { origin: 'null' })
    const opened = performance.now()
    // what the client sends is thrown away, whatever it is
    client.ws.send('anything')
    client.ws.send(Uint8Array.of(1, 2, 3))
    const times: number[] = []
    for (const nth of [1, 2]) {
      expect(await client.next()).toBe('hello')
      times.push(performance.now() - opened - nth * 5_000)
    }
    for (const off of times) expect(Math.abs(off)).toBeLessThan(400)
  })

  test('serves its page at / and the WebSocket at /ws', async () => {
    const { page, port, example } = await started()
    const response = await fetch(page)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const file = new URL('../../examples/hello/index.html', import.meta.url)
    expect(await response.text()).toBe(readFileSync(file, 'utf8'))
    expect((await fetch(`${page}ws`)).status).toBe(426)
    expect((await fetch(`${page}other`)).status).toBe(404)
    expect(example.said).toContain(`http://localhost:${port}/\n`)
    await expect(openClient(`ws://127.0.0.1:${port}/`)).rejects.toThrow('404')
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'tells its clients 1001 at %s and exits with 0',
    async signal => {
      const { example, url, page } = await started()
      // a connection that a browser keeps alive does not hold it up
      await (await fetch(page)).text()
      const client = await openClient(url, { origin: 'http://elsewhere.example' })
      example.kill(signal)
      expect(await client.closed).toMatchObject({ code: 1001 })
      expect(await example.exit).toEqual([0, null])
      expect(example.complained).toBe('')
    },
  )

  test('drains at SIGTERM: refuses new clients, and waits for those that it has', async () => {
    const { example, port, page } = await started()
    const slow = await RawClient.upgraded(port, '/ws')
    example.kill('SIGTERM')
    expect(closeOf(await slow.next())).toEqual({ code: 1001, reason: 'server going away' })
    const late = await RawClient.connect(port)
    late.write(upgradeRequest({ path: '/ws' }))
    expect(await late.answer()).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    expect((await fetch(page, { headers: { connection: 'close' } })).status).toBe(200)
    slow.frame(opcodes.close, closePayload(1001))
    expect(await slow.rest()).toBe('')
    expect(await example.exit).toEqual([0, null])
    expect(example.complained).toBe('')
  })

  test.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('exits at once with 1 at %s and then %s', async (first, second) => {
    const { example, port } = await started()
    // it does not answer the Close frame: one signal would wait for that
    const slow = await RawClient.upgraded(port, '/ws')
    example.kill(first)
    expect(closeOf(await slow.next()).code).toBe(1001)
    const asked = performance.now()
    example.kill(second)
    expect(await example.exit).toEqual([1, null])
    expect(performance.now() - asked).toBeLessThan(2_000)
  })

  test('ends with npm, which passes SIGTERM on to nobody but a shell', async () => {
    const { example, url } = await started(byNpm)
    const client = await openClient(url)
    example.kill('SIGTERM')
    expect(await client.closed).toEqual({ code: 1001, reason: 'server going away' })
    await example.exit
    await expect(openClient(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('drains when npm and all that it started get SIGTERM at once', async () => {
    const { example, port } = await started(byNpm)
    const slow = await RawClient.upgraded(port, '/ws')
    example.killAll('SIGTERM')
    expect(closeOf(await slow.next()).code).toBe(1001)
    const told = performance.now()
    // it has all of timeouts.close to answer
    expect(await slow.rest()).toBe('')
    expect(performance.now() - told).toBeGreaterThan(4_000)
    await example.exit
  })

  test('drains at Ctrl+C under npm, which signals all of them', async () => {
    const { example, port } = await started(byNpm)
    const slow = await RawClient.upgraded(port, '/ws')
    example.killAll('SIGINT')
    expect(closeOf(await slow.next()).code).toBe(1001)
    slow.frame(opcodes.close, closePayload(1001))
    expect(await slow.rest()).toBe('')
    await example.exit
  })

  test('listens on the port of PORT, and --port goes before it', async () => {
    const { free, taken } = await ports()
    const first = new ExampleProcess([], { PORT: String(free) })
    const second = new ExampleProcess(['--port', '0'], { PORT: String(taken) })
    expect(await first.listening()).toBe(free)
    expect(await second.listening()).not.toBe(taken)
  })

  test('says in one sentence that the port is taken, and exits with 1', async () => {
    const { taken } = await ports()
    const example = new ExampleProcess(['--port', String(taken)])
    expect(await example.exit).toEqual([1, null])
    expect(example.complained).toMatch(/^Port \d+ is taken\.[^\n]*\n$/)
    expect(example.complained).toContain(String(taken))
    expect(example.said).toBe('')
  })

  test.each(['nonsense', '-1', '65536', ''])(
    'says in one sentence that %j is not a port, and exits with 1',
    async nonsense => {
      const examples = [new ExampleProcess([`--port=${nonsense}`])]
      // an empty variable may as well mean that there is none
      if (nonsense !== '') examples.push(new ExampleProcess([], { PORT: nonsense }))
      for (const example of examples) {
        expect(await example.exit).toEqual([1, null])
        expect(example.complained).toMatch(/^[^\n]+ is not a port[^\n]*\n$/)
        expect(example.complained).toContain(nonsense)
      }
    },
  )
})
