import { Agent, createServer, type OutgoingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ClosedError,
  connect,
  HandshakeError,
  mayReconnect,
  type Retry,
  retryAfter,
  TimeoutError,
} from 'rivulet'
import { dialed, opened } from './dialed.js'
import { event } from './event.js'
import { encodeFrame, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { listening, type RawAnswer, rawServing, switching } from './raw-server.js'

checkLeaks()

/** An HTTP server that knows nothing of WebSocket. */
async function answering(status: number, headers: OutgoingHttpHeaders = {}, body = '') {
  const http = createServer((_, response) => response.writeHead(status, headers).end(body))
  http.listen(0, '127.0.0.1')
  await event(http, 'listening')
  onTestFinished(async () => {
    http.close()
    http.closeAllConnections()
    await event(http, 'close')
  })
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
}

/** How connecting fails. */
async function failing(url: string, options?: Parameters<typeof connect>[1]) {
  const { outcome, closed, connection } = dialed(connect(url, options))
  connection.send('never')
  const error = await outcome
  expect(error).toBeInstanceOf(HandshakeError)
  const close = await closed
  expect(close).toMatchObject({ code: 1006, reason: '', wasClean: false })
  expect(close.cause).toBe(error)
  expect(close).not.toHaveProperty('sent')
  expect(close).not.toHaveProperty('received')
  return { error: error as HandshakeError & { cause: Error & { code?: string } }, close }
}

const statuses: [status: number, retry: Retry, headers: OutgoingHttpHeaders][] = [
  [200, 'backoff', { 'Content-Type': 'text/html' }],
  [204, 'backoff', {}],
  [301, 'backoff', { Location: 'wss://example.org/moved' }],
  [302, 'backoff', { Location: '/elsewhere' }],
  [400, 'no', {}],
  [401, 'no', { 'WWW-Authenticate': 'Bearer realm="a"' }],
  [403, 'no', {}],
  [404, 'no', {}],
  [405, 'no', { Allow: 'POST' }],
  [407, 'backoff', { 'Proxy-Authenticate': 'Basic' }],
  [408, 'backoff', {}],
  [426, 'no', { Upgrade: 'h2c' }],
  [429, 'backoff', { 'Retry-After': '30' }],
  [500, 'backoff', {}],
  [502, 'backoff', {}],
  [503, 'backoff', { 'Retry-After': 'Wed, 21 Oct 2037 07:28:00 GMT' }],
  [504, 'backoff', {}],
]

describe('an HTTP answer', () => {
  test.each(statuses)('of %d is a HandshakeError, tried again: %s', async (status, retry, sent) => {
    const { error, close } = await failing(await answering(status, sent))
    expect(error.status).toBe(status)
    expect(error.message).toBe(`The server answered ${status}`)
    for (const [name, value] of Object.entries(sent)) {
      expect(error.headers[name.toLowerCase()]).toBe(value)
    }
    expect(close.by).toBe('peer')
    expect([retryAfter(close), mayReconnect(close)]).toEqual([retry, retry !== 'no'])
  })

  test('has a body that is not waited for', async () => {
    const { url } = await rawServing(tcp => {
      tcp.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000000\r\n\r\nsorry')
    })
    expect((await failing(url)).error.status).toBe(503)
  })

  test('of 200 with a large body is a HandshakeError all the same', async () => {
    const { error } = await failing(await answering(200, {}, 'x'.repeat(2 ** 20)))
    expect(error.status).toBe(200)
  })

  test('keeps no connection of an agent that keeps them alive', async () => {
    const agent = new Agent({ keepAlive: true })
    expect((await failing(await answering(404), { agent })).error.status).toBe(404)
    expect(agent.freeSockets).toEqual({})
    agent.destroy()
  })

  test('of 103 comes before another one, and is none itself', async () => {
    const { url } = await rawServing((tcp, key) => {
      tcp.write(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${switching(key)}`)
      tcp.write(encodeFrame(opcodes.text, 'hello', { masked: false }))
    })
    const { got, connection } = await opened(connect(url))
    expect(await got.next()).toBe('hello')
    expect(connection.handshake.headers).not.toHaveProperty('link')
  })
})

describe('an answer of 101', () => {
  test.each(['Upgrade', 'Connection'])('without %s is a HandshakeError', async header => {
    const { url } = await rawServing((tcp, key) => {
      tcp.write(switching(key, { [header]: undefined }))
    })
    const { error, close } = await failing(url)
    expect(error.status).toBe(101)
    expect(close.by).toBe('peer')
  })
})

describe('a server that speaks no HTTP', () => {
  test.each<[string, RawAnswer, string]>([
    [
      'says something else',
      tcp => tcp.write('220 smtp.example.org ESMTP\r\n'),
      'HPE_INVALID_CONSTANT',
    ],
    ['ends the TCP connection', tcp => tcp.end(), 'ECONNRESET'],
    ['resets the TCP connection', tcp => tcp.resetAndDestroy(), 'ECONNRESET'],
    ['ends in the middle of its answer', tcp => tcp.end('HTTP/1.1 101 Swi'), 'ECONNRESET'],
  ])('and %s is a HandshakeError by the network', async (_, answer, code) => {
    const { url } = await rawServing(answer)
    const { error, close } = await failing(url)
    expect(error.status).toBeUndefined()
    expect(error.cause.code).toBe(code)
    expect(error.message).toBe(error.cause.message)
    expect(close.by).toBe('network')
    expect(mayReconnect(close)).toBe(true)
  })

  test('and ends before it is asked is a HandshakeError', async () => {
    const { url } = await listening(tcp => tcp.destroy())
    const { error, close } = await failing(url)
    expect(error.cause).toBeInstanceOf(Error)
    expect(close.by).toBe('network')
  })

  test('and says nothing runs into timeouts.handshake', async () => {
    let gone!: () => void
    const noticed = new Promise<void>(resolve => (gone = resolve))
    const { url } = await rawServing(tcp => tcp.once('close', gone).resume())
    const { outcome, closed } = dialed(connect(url, { timeouts: { handshake: 100 } }))
    expect(await outcome).toBeInstanceOf(ClosedError)
    const close = await closed
    expect(close).toMatchObject({ code: 1006, wasClean: false, by: 'network' })
    expect(close.cause).toBeInstanceOf(TimeoutError)
    expect(close.cause).toMatchObject({ timeout: 'handshake' })
    expect(mayReconnect(close)).toBe(true)
    await noticed
  })

  test('and says nothing until somebody unsubscribes notices that', async () => {
    let asked!: () => void
    let gone!: () => void
    const request = new Promise<void>(resolve => (asked = resolve))
    const noticed = new Promise<void>(resolve => (gone = resolve))
    const { url } = await rawServing(tcp => {
      tcp.once('close', gone).resume()
      asked()
    })
    const { subscription, closed } = dialed(connect(url))
    await request
    subscription.unsubscribe()
    await noticed
    expect(await closed).toEqual({ code: 1006, reason: '', wasClean: false, by: 'local' })
  })
})

describe('a server that is not there', () => {
  async function nobody(): Promise<number> {
    const tcp = createTcpServer().listen(0, '127.0.0.1')
    await event(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    tcp.close()
    await event(tcp, 'close')
    return port
  }

  test('is a HandshakeError with ECONNREFUSED', async () => {
    const port = await nobody()
    const { error, close } = await failing(`ws://127.0.0.1:${port}`)
    expect(error.cause.code).toBe('ECONNREFUSED')
    expect(error.message).toContain(`127.0.0.1:${port}`)
    expect(close.by).toBe('network')
    expect([retryAfter(close), mayReconnect(close)]).toEqual(['backoff', true])
  })

  // EAI_AGAIN: nobody could be asked
  test('as its name is unknown is a HandshakeError that says so', async () => {
    const { error, close } = await failing('ws://no-such-host.invalid/')
    expect(error.cause.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
    expect(error.message).toContain('no-such-host.invalid')
    expect(close.by).toBe('network')
    expect(mayReconnect(close)).toBe(true)
  })
})
