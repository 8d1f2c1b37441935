import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { firstValueFrom, map, NEVER } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Connection, Handler } from 'rivulet'
import { accept, type AcceptOptions } from 'rivulet/server'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { openClient } from './ws-client.js'

checkLeaks()

async function httpServer(): Promise<{ http: HttpServer; port: number }> {
  const http = createServer((request, response) => response.end(`page ${request.url ?? ''}`))
  onTestFinished(async () => {
    if (!http.listening) return
    const closed = event(http, 'close')
    http.close()
    http.closeAllConnections()
    await closed
  })
  http.listen(0, '127.0.0.1')
  await event(http, 'listening')
  return { http, port: (http.address() as AddressInfo).port }
}

function accepting(http: HttpServer, options: AcceptOptions = {}, handler?: Handler) {
  const log: unknown[] = []
  const opened: Connection[] = []
  const subscription = accept(http, options, handler).subscribe({
    next: connection => opened.push(connection),
    error: error => log.push(error),
    complete: () => log.push('completes'),
  })
  return { log, opened, subscription }
}

const answerTo = async (port: number, path: string) => {
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ path }))
  return client.answer()
}

describe('accept', () => {
  test('stands beside the other routes of the server', async () => {
    const { http, port } = await httpServer()
    accepting(http, { path: '/ws' }, ({ messages }) => messages)
    const client = await openClient(`ws://127.0.0.1:${port}/ws`)
    client.ws.send('echo')
    expect(await client.next()).toBe('echo')
    for (const path of ['/', '/ws', '/other']) {
      expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).toBe(`page ${path}`)
    }
  })

  test('emits each connection when it is open and its handler was called', async () => {
    const { http, port } = await httpServer()
    const log: string[] = []
    const handler: Handler = ({ state }) => {
      log.push(`handler ${state}`)
      return NEVER
    }
    const next = firstValueFrom(
      accept(http, {}, handler).pipe(
        map(connection => {
          log.push(`emitted ${connection.state}`)
          return connection
        }),
      ),
    )
    const client = await openClient(`ws://127.0.0.1:${port}`)
    const connection = await next
    expect(log).toEqual(['handler open', 'emitted open'])
    expect(connection.handshake).toMatchObject({ url: '/', remoteAddress: '127.0.0.1' })
    client.ws.close()
    await firstValueFrom(connection.closed)
  })

  test('keeps two paths of one server apart', async () => {
    const { http, port } = await httpServer()
    const greet =
      (name: string): Handler =>
      connection =>
        void connection.send(name)
    const a = accepting(http, { path: '/a' }, greet('a'))
    const b = accepting(http, { path: '/b' }, greet('b'))
    expect(await (await openClient(`ws://127.0.0.1:${port}/b`)).next()).toBe('b')
    expect(await (await openClient(`ws://127.0.0.1:${port}/a`)).next()).toBe('a')
    expect([a.opened.length, b.opened.length]).toEqual([1, 1])
    expect((await answerTo(port, '/c')).status).toBe(404)
    expect(http.listenerCount('upgrade')).toBe(1)
  })

  test('prefers a path to every path', async () => {
    const { http, port } = await httpServer()
    accepting(http, {}, ({ send }) => void send('every'))
    accepting(http, { path: '/a' }, ({ send }) => void send('a'))
    expect(await (await openClient(`ws://127.0.0.1:${port}/a`)).next()).toBe('a')
    expect(await (await openClient(`ws://127.0.0.1:${port}/b`)).next()).toBe('every')
  })

  test('leaves other paths to a foreign upgrade listener', async () => {
    const { http, port } = await httpServer()
    http.on('upgrade', (request, socket) => {
      // later, as one does who asks a database first
      const answer = () => socket.end('HTTP/1.1 418 Foreign\r\n\r\n')
      if (request.url === '/foreign') setImmediate(answer)
    })
    accepting(http, { path: '/ws' }, ({ send }) => void send('ours'))
    expect((await answerTo(port, '/foreign')).line).toBe('HTTP/1.1 418 Foreign')
    expect(await (await openClient(`ws://127.0.0.1:${port}/ws`)).next()).toBe('ours')
  })

  test.each([undefined, '/ws'])('errors for a second subscription to %s', async path => {
    const { http, port } = await httpServer()
    accepting(http, { path }, ({ send }) => void send('first'))
    const second = accepting(http, { path })
    expect(second.log).toEqual([expect.any(Error)])
    expect(String(second.log[0])).toContain(path ?? 'every path')
    const client = await openClient(`ws://127.0.0.1:${port}${path ?? ''}`)
    expect(await client.next()).toBe('first')
    expect(second.opened).toEqual([])
  })

  test('stops new connections only when it is unsubscribed', async () => {
    const { http, port } = await httpServer()
    const before = http.listenerCount('close')
    const { subscription, log } = accepting(http, { path: '/ws' }, ({ messages }) => messages)
    const client = await openClient(`ws://127.0.0.1:${port}/ws`)
    subscription.unsubscribe()
    expect(http.listenerCount('upgrade')).toBe(0)
    expect(http.listenerCount('close')).toBe(before)
    client.ws.send('still here')
    expect(await client.next()).toBe('still here')
    // an upgrade that nobody listens for is a plain request to node
    expect((await answerTo(port, '/ws')).status).toBe(200)
    expect(log).toEqual([])
  })

  test('takes the path again after it was unsubscribed', async () => {
    const { http, port } = await httpServer()
    accepting(http, { path: '/ws' }).subscription.unsubscribe()
    const { log } = accepting(http, { path: '/ws' }, ({ send }) => void send('again'))
    expect(await (await openClient(`ws://127.0.0.1:${port}/ws`)).next()).toBe('again')
    expect(log).toEqual([])
  })

  test('completes when the server has closed, and leaves no listener on it', async () => {
    const { http, port } = await httpServer()
    const listeners = () => http.listenerCount('close') + http.listenerCount('upgrade')
    const before = listeners()
    const { log, opened } = accepting(http, { path: '/ws' })
    const client = await openClient(`ws://127.0.0.1:${port}/ws`)
    const closed = event(http, 'close')
    http.close()
    expect(log).toEqual([])
    opened[0]?.close(1001)
    expect(await client.closed).toMatchObject({ code: 1001 })
    await closed
    expect(log).toEqual(['completes'])
    expect(listeners()).toBe(before)
  })

  test('does nothing before it is subscribed', async () => {
    const { http } = await httpServer()
    accept(http, { path: '/ws' })
    expect(http.listenerCount('upgrade')).toBe(0)
  })
})
