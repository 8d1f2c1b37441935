import { filter, finalize, firstValueFrom, lastValueFrom, NEVER, toArray } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Close, type Connection, type Handler, TimeoutError } from 'rivulet'
import { type DrainProgress, serve, type ServeOptions, type Server } from 'rivulet/server'
import { closeOf, closePayload, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { nextOf, serving } from './serving.js'
import { type Client, openClient } from './ws-client.js'

checkLeaks()

const host = '127.0.0.1'
const gone: DrainProgress = { open: 0, closing: 0, closed: 0, left: 0 }

interface Pair<C> {
  readonly connection: Connection
  readonly client: C
}

type Running = Pick<Server, 'connections'>

/** A connection and the polite client at its far end. */
async function pair(server: Running, url: string): Promise<Pair<Client>> {
  const opened = firstValueFrom(server.connections)
  const client = await openClient(url)
  return { connection: await opened, client }
}

/** A connection whose peer answers nothing by itself. */
async function rawPair(server: Running, port: number): Promise<Pair<RawClient>> {
  const opened = firstValueFrom(server.connections)
  const client = await RawClient.upgraded(port)
  return { connection: await opened, client }
}

const ended = ({ closed }: Connection): Promise<Close> => firstValueFrom(closed)

/** A running server that only sends what its test tells it to. */
const running = (options: Partial<ServeOptions> = {}, handler: Handler = () => NEVER) =>
  serving(options, handler)

describe('drain', () => {
  test('closes every connection with 1012, completes, and gives the port back', async () => {
    const { server, port, url } = await running()
    const pairs = [await pair(server, url), await pair(server, url), await pair(server, url)]
    const closes = pairs.map(({ connection }) => ended(connection))
    const told = await lastValueFrom(server.drain().pipe(toArray()))
    for (const { client } of pairs) {
      expect(await client.closed).toEqual({ code: 1012, reason: 'server restarting' })
    }
    for (const close of await Promise.all(closes)) {
      expect(close).toEqual({
        code: 1012,
        reason: 'server restarting',
        wasClean: true,
        by: 'local',
        sent: 1012,
        received: 1012,
      })
    }
    for (const { open, closing, closed, left } of told) {
      expect([open, open + closing, left + closed]).toEqual([0, left, 3])
    }
    expect(told.at(-1)).toEqual({ ...gone, closed: 3 })
    await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('closes with the code and the reason that it is given', async () => {
    const { server, url } = await running()
    const { client } = await pair(server, url)
    server.drain({ code: 4000, reason: 'moving' })
    expect(await client.closed).toEqual({ code: 4000, reason: 'moving' })
  })

  test('tells at once how it stands', async () => {
    const { server, url } = await running()
    await pair(server, url)
    const told: DrainProgress[] = []
    server.drain().subscribe(each => told.push(each))
    expect(told).toEqual([{ open: 0, closing: 1, closed: 0, left: 1 }])
  })

  test('acts at once, without anybody subscribing', async () => {
    const { server, url } = await running()
    const { connection } = await pair(server, url)
    server.drain()
    expect(connection.state).toBe('closing')
    await ended(connection)
  })

  test('completes `connections` and `listening`', async () => {
    const { server, url } = await running()
    await pair(server, url)
    const rest = lastValueFrom(server.connections.pipe(toArray()))
    await lastValueFrom(server.drain())
    expect(await rest).toEqual([])
  })

  test('completes at once without any connection', async () => {
    const { server, port } = await running()
    expect(await lastValueFrom(server.drain())).toEqual(gone)
    await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('leaves nothing listening when it comes in the turn of serve', async () => {
    const server = serve({ port: 0, host })
    const told: unknown[] = []
    server.listening.subscribe(address => told.push(address))
    await lastValueFrom(server.drain())
    // what the lookup of the host brings comes in a later turn
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap')
    expect(told).toEqual([])
  })

  test('may be called by a handler, for its own connection too', async () => {
    const log: string[] = []
    const { server, url } = await running({}, connection => {
      connection.closed.subscribe(({ code, by }) => log.push(`${by} ${code}`))
      server.drain({ code: 1001, reason: 'last orders' })
      return NEVER.pipe(finalize(() => log.push('writer unsubscribed')))
    })
    const client = await openClient(url)
    expect(await client.closed).toEqual({ code: 1001, reason: 'last orders' })
    expect(await lastValueFrom(server.drain())).toEqual({ ...gone, closed: 1 })
    expect(log).toEqual(['local 1001'])
  })

  test('sees the answer of a peer whose messages were not being read', async () => {
    const { server, url } = await running({ inbox: { bytes: 1 } })
    const { connection, client } = await pair(server, url)
    const messages = connection[Symbol.asyncIterator]()
    const paused = firstValueFrom(
      connection.flow.changes.pipe(filter(({ state }) => state === 'paused')),
    )
    client.ws.send('one')
    client.ws.send('two')
    await paused
    server.drain()
    expect(await ended(connection)).toMatchObject({ code: 1012, wasClean: true })
    expect(await messages.next()).toEqual({ done: false, value: 'one' })
  })

  test('refuses options that make no sense, and then nothing has begun', async () => {
    const { server, url } = await running()
    const { connection } = await pair(server, url)
    for (const nonsense of [
      { code: 1006 },
      { over: -1 },
      { deadline: 0 },
      { over: 2, deadline: 1 },
      { late: 1 },
    ]) {
      expect(() => server.drain(nonsense)).toThrow(TypeError)
    }
    expect(connection.state).toBe('open')
    const { connection: next } = await pair(server, url)
    expect(next.state).toBe('open')
  })
})

describe('while it drains, a server', () => {
  /** A server that drains and is not done before its last client answers. */
  async function draining(request?: ServeOptions['request']) {
    const serving = await running({ path: '/ws', request })
    const { server, port } = serving
    const opened = nextOf(server)
    const last = await RawClient.upgraded(port, '/ws')
    await opened
    const done = lastValueFrom(server.drain())
    const end = async () => {
      expect(closeOf(await last.next()).code).toBe(1012)
      last.frame(opcodes.close, closePayload(1012))
      return done
    }
    return { ...serving, end }
  }

  test('refuses new connections with 503 and Retry-After', async () => {
    const { port, end } = await draining()
    const late = await RawClient.connect(port)
    late.write(upgradeRequest({ path: '/ws' }))
    const { status, headers } = await late.answer()
    expect(status).toBe(503)
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    await late.rest()
    expect(await end()).toEqual({ ...gone, closed: 1 })
  })

  test('answers plain requests until the last connection is gone', async () => {
    const { port, end } = await draining((_, response) => response.end('page'))
    const page = `http://${host}:${port}/`
    expect(await (await fetch(page, { headers: { connection: 'close' } })).text()).toBe('page')
    await end()
    await expect(fetch(page)).rejects.toThrow()
  })

  test('is not held up by HTTP connections that are kept alive', async () => {
    const { port, end } = await draining((_, response) => response.end('page'))
    const browser = await RawClient.connect(port)
    browser.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect((await browser.answer()).status).toBe(200)
    await end()
    expect(await browser.rest()).toContain('page')
  })

  test('tells who comes late how far it is', async () => {
    const { server, end } = await draining()
    await firstValueFrom(server.drain())
    const told: DrainProgress[] = []
    server.drain().subscribe(each => told.push(each))
    expect(told[0]).toEqual({ open: 0, closing: 1, closed: 0, left: 1 })
    await end()
    expect(told.at(-1)).toEqual({ ...gone, closed: 1 })
    const late: unknown[] = []
    server.drain().subscribe({ next: each => late.push(each), complete: () => late.push('over') })
    expect(late).toEqual([{ ...gone, closed: 1 }, 'over'])
  })
})

describe('what is queued', () => {
  const piece = Buffer.alloc(64 * 1024)
  // what the operating system takes for a peer that does not read is a few MiB
  const pieces = 256

  /** A peer that does not read, and more for it than the operating system takes. */
  async function backedUp(options: Partial<ServeOptions> = {}) {
    const serving = await running({ outbox: { bytes: 64 * 1024 * 1024 }, ...options })
    const { connection, client } = await pair(serving.server, serving.url)
    client.ws.pause()
    for (let at = 0; at < pieces; at++) connection.send(piece)
    expect(connection.flow.queued).toBeGreaterThan(pieces / 2)
    let got = 0
    client.ws.on('message', () => got++)
    return { ...serving, connection, client, got: () => got }
  }

  /** Waits until `timeouts.close` of a connection that closes now has passed. */
  async function closeTimeoutOf({ server, port }: { server: Running; port: number }) {
    const { connection } = await rawPair(server, port)
    return {
      passed: ended(connection).then(close =>
        expect(close.cause).toMatchObject({ timeout: 'close' }),
      ),
    }
  }

  test('goes out first, however long the peer takes to read on', async () => {
    const own = await backedUp({ timeouts: { close: 150 } })
    const { passed } = await closeTimeoutOf(own)
    const done = lastValueFrom(own.server.drain())
    await passed
    expect(own.connection.state).toBe('closing')
    own.client.ws.resume()
    expect(await own.client.closed).toMatchObject({ code: 1012 })
    expect(own.got()).toBe(pieces)
    expect(await ended(own.connection)).toMatchObject({ code: 1012, wasClean: true, sent: 1012 })
    expect(await done).toEqual({ ...gone, closed: 2 })
  })

  test('goes out first when only the socket holds it, and nothing waits in the outbox', async () => {
    const { server, port, url } = await running({ timeouts: { close: 150 } })
    const { connection, client } = await pair(server, url)
    client.ws.pause()
    let [sent, got] = [0, 0]
    client.ws.on('message', () => got++)
    for (; connection.flow.state === 'flowing'; sent++) connection.send(Buffer.alloc(16 * 1024))
    expect(connection.flow.queued).toBe(0)
    const { passed } = await closeTimeoutOf({ server, port })
    server.drain()
    await passed
    client.ws.resume()
    expect(await client.closed).toMatchObject({ code: 1012 })
    expect(got).toBe(sent)
  })

  test('is terminated with the connection at the deadline: 1006, by this side', async () => {
    const { server, connection, client } = await backedUp()
    const closed = ended(connection)
    const done = lastValueFrom(server.drain({ deadline: 100 }))
    const close = await closed
    expect(close).toMatchObject({ code: 1006, wasClean: false, by: 'local' })
    expect(close.cause).toBeInstanceOf(TimeoutError)
    expect(close.cause).toMatchObject({ timeout: 'drain' })
    expect(close.cause?.message).toContain('100 ms')
    // its Close frame was still behind what was queued
    expect(close).not.toHaveProperty('sent')
    expect(await done).toEqual({ ...gone, closed: 1 })
    client.ws.resume()
    expect(await client.closed).toMatchObject({ code: 1006 })
  })

  test('is dropped for 1013, which goes out at once', async () => {
    const { server, connection } = await backedUp()
    server.drain({ code: 1013, reason: 'too much', deadline: 100 })
    expect(connection.flow.queued).toBe(0)
    expect(await ended(connection)).toMatchObject({ code: 1006, sent: 1013, by: 'local' })
  })
})

describe('a peer that does not answer the Close frame', () => {
  test('is terminated after timeouts.close', async () => {
    const { server, port } = await running({ timeouts: { close: 100 } })
    const { connection } = await rawPair(server, port)
    const done = lastValueFrom(server.drain())
    expect(await ended(connection)).toMatchObject({
      code: 1006,
      by: 'local',
      sent: 1012,
      cause: { code: 'ERR_TIMEOUT', timeout: 'close' },
    })
    expect(await done).toEqual({ ...gone, closed: 1 })
  })

  test('is terminated at the deadline, if that comes first', async () => {
    const { server, port } = await running({ timeouts: { close: false } })
    const { connection } = await rawPair(server, port)
    server.drain({ deadline: 100 })
    expect(await ended(connection)).toMatchObject({
      code: 1006,
      by: 'local',
      sent: 1012,
      cause: { code: 'ERR_TIMEOUT', timeout: 'drain' },
    })
  })
})

describe('calls in any order', () => {
  test('a second drain hastens the first, and both complete', async () => {
    const { server, url } = await running()
    const pairs = [await pair(server, url), await pair(server, url), await pair(server, url)]
    const first = lastValueFrom(server.drain({ over: 60_000 }))
    expect(pairs.map(({ connection }) => connection.state)).toEqual(['closing', 'open', 'open'])
    const second = lastValueFrom(server.drain({ code: 4000, reason: 'now' }))
    expect(await first).toEqual({ ...gone, closed: 3 })
    expect(await second).toEqual({ ...gone, closed: 3 })
    const codes = await Promise.all(pairs.map(async ({ client }) => (await client.closed).code))
    expect(codes).toEqual([1012, 4000, 4000])
  })

  test('close hastens a drain', async () => {
    const { server, port, url } = await running({ timeouts: { close: 150 } })
    const pairs = [await pair(server, url), await pair(server, url)]
    const { connection: silent } = await rawPair(server, port)
    const drained = lastValueFrom(server.drain({ over: 60_000 }))
    const closed = lastValueFrom(server.close())
    // the port is given back though somebody is still there
    await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await ended(silent)).toMatchObject({ code: 1006, sent: 1001, by: 'local' })
    expect(await drained).toEqual({ ...gone, closed: 3 })
    expect(await closed).toEqual({ ...gone, closed: 3 })
    const codes = await Promise.all(pairs.map(async ({ client }) => (await client.closed).code))
    expect(codes).toEqual([1012, 1001])
  })

  test('drain after close changes nothing', async () => {
    const { server, url } = await running()
    const { client } = await pair(server, url)
    const closed = lastValueFrom(server.close())
    const drained = lastValueFrom(server.drain())
    expect(await client.closed).toMatchObject({ code: 1001 })
    expect(await closed).toEqual({ ...gone, closed: 1 })
    expect(await drained).toEqual({ ...gone, closed: 1 })
    expect(await lastValueFrom(server.drain())).toEqual({ ...gone, closed: 1 })
  })

  test('who unsubscribes only stops watching', async () => {
    const { server, url } = await running()
    const { client } = await pair(server, url)
    server.drain().subscribe().unsubscribe()
    expect(await client.closed).toMatchObject({ code: 1012 })
  })
})

test('the closing is spread over the time that it is given', async () => {
  const { server, url } = await running()
  const pairs = [await pair(server, url), await pair(server, url), await pair(server, url)]
  const times = pairs.map(({ connection }) => ended(connection).then(() => performance.now()))
  const began = performance.now()
  const told = await lastValueFrom(server.drain({ over: 600 }).pipe(toArray()))
  const [first = 0, second = 0, third = 0] = await Promise.all(times)
  expect(second - began).toBeGreaterThan(190)
  expect(third - began).toBeGreaterThan(390)
  expect(first).toBeLessThan(second)
  expect(new Set(told.map(({ open }) => open))).toEqual(new Set([2, 1, 0]))
  expect(told.at(-1)).toEqual({ ...gone, closed: 3 })
})
