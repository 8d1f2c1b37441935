import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  filter,
  firstValueFrom,
  lastValueFrom,
  map,
  NEVER,
  type Observable,
  startWith,
  toArray,
} from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type Close,
  HandshakeError,
  type Message,
  type Phase,
  session,
  type Session,
  type SessionOptions,
  text,
} from 'rivulet'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { Mailbox } from './mailbox.js'
import { nextOf, serving, stopped } from './serving.js'

checkLeaks()

const reconnect = { from: 20, to: 50 }
// for who does not wait for it
const hour = { from: 3_600_000, to: 3_600_000 }

/** A session that the test's end closes, and what comes of it. */
function staying<In = Message, Out = In>(
  url: string,
  options: SessionOptions<In, Out> = {},
  handler?: Parameters<typeof session<In, Out>>[2],
) {
  const made = session<In, Out>(url, { reconnect, ...options }, handler)
  onTestFinished(() => made.close())
  const phases: Phase[] = []
  made.phases.subscribe(phase => phases.push(phase))
  const { send, close, retryNow, multiplex } = made
  return {
    session: made,
    phases,
    send,
    close,
    retryNow,
    multiplex,
    closed: firstValueFrom(made.closed),
  }
}

/** Waits for the session to be in that phase. */
function phase<In, Out, N extends Phase['name']>(
  { phases }: Session<In, Out>,
  name: N,
): Promise<Extract<Phase, { name: N }>> {
  const found = phases.pipe(
    filter((each): each is Extract<Phase, { name: N }> => each.name === name),
  )
  return firstValueFrom(found)
}

/** Stops the server: what the session waits for then. */
async function lost<In, Out>(made: Session<In, Out>, server: Parameters<typeof stopped>[0]) {
  const waiting = phase(made, 'waiting')
  await stopped(server)
  return waiting
}

/** A server that sends each text that it gets to the mailbox, after the name of its connection. */
async function noting(port = 0) {
  const notes = new Mailbox<string>()
  let count = 0
  const server = await serving<string>({ port, codec: text }, ({ messages, send }) => {
    const name = `${++count}`
    messages.subscribe(message => notes.put(`${name} ${message}`))
    send(`welcome ${name}`)
  })
  return { ...server, notes }
}

const names = (phases: readonly Phase[]) => phases.map(({ name }) => name)

describe('a server that goes away and comes back', () => {
  test('is connected to again, and phases say so', async () => {
    const before = await noting()
    const { session: made, phases, close } = staying(before.url)
    await phase(made, 'open')
    const waiting = await lost(made, before.server)
    expect(waiting.close).toMatchObject({ code: 1001, by: 'peer', reason: 'server going away' })
    await noting(before.port)
    await phase(made, 'open')
    close()
    await lastValueFrom(made.phases)
    expect(phases.slice(0, 4)).toMatchObject([
      { name: 'connecting', attempt: 1 },
      { name: 'open' },
      { name: 'waiting' },
      { name: 'connecting', attempt: 2 },
    ])
    expect(names(phases.slice(-4))).toEqual(['connecting', 'open', 'closing', 'closed'])
    // how many attempts failed meanwhile is a matter of time: each was counted
    const attempts = phases.flatMap(each => ('attempt' in each ? [each.attempt] : []))
    expect(attempts).toEqual(attempts.map((_, at) => at + 1))
  })

  test('goes on with one stream of messages', async () => {
    const before = await noting()
    const { session: made, close } = staying(before.url, { codec: text })
    const all = lastValueFrom(made.messages.pipe(toArray()))
    const got = new Mailbox<string>()
    made.messages.subscribe(message => got.put(message))
    expect(await got.next()).toBe('welcome 1')
    await stopped(before.server)
    await noting(before.port)
    expect(await got.next()).toBe('welcome 1')
    close()
    expect(await all).toEqual(['welcome 1', 'welcome 1'])
  })

  test('is tried at once by retryNow()', async () => {
    const before = await noting()
    const { session: made, retryNow, phases } = staying(before.url, { reconnect: hour })
    await phase(made, 'open')
    await lost(made, before.server)
    await noting(before.port)
    retryNow()
    await phase(made, 'open')
    expect(names(phases)).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
    expect(phases[3]).toMatchObject({ attempt: 2 })
  })

  test('emits each connection of its own when it is open', async () => {
    const before = await noting()
    const { session: made, close } = staying(before.url)
    const ids = lastValueFrom(
      made.opened.pipe(
        map(({ id, state }) => `${id} ${state}`),
        toArray(),
      ),
    )
    await phase(made, 'open')
    await lost(made, before.server)
    await noting(before.port)
    await phase(made, 'open')
    close()
    const all = await ids
    expect(all).toHaveLength(2)
    expect(new Set(all).size).toBe(2)
    for (const each of all) expect(each).toMatch(/ open$/)
  })

  // not by itself: what comes back before the port is given up is told to wait for 5 s
  test('that drains is connected to again', async () => {
    const before = await noting()
    const { session: made, retryNow } = staying(before.url, { reconnect: hour })
    await phase(made, 'open')
    const waiting = phase(made, 'waiting')
    await lastValueFrom(before.server.drain())
    const { close, until } = await waiting
    expect(close).toMatchObject({ code: 1012, by: 'peer' })
    expect(until).toBeGreaterThan(Date.now())
    await noting(before.port)
    retryNow()
    await phase(made, 'open')
  })

  test('that was never there is waited for', async () => {
    const { url, server, port } = await noting()
    await stopped(server)
    const { session: made } = staying(url)
    const { close } = await phase(made, 'waiting')
    expect(close).toMatchObject({ code: 1006, by: 'network' })
    expect(close.cause).toMatchObject({ code: 'ERR_HANDSHAKE', cause: { code: 'ECONNREFUSED' } })
    await noting(port)
    await phase(made, 'open')
  })
})

describe('what is sent', () => {
  test('begins with `first`, then comes the backlog, then the handler and its writer', async () => {
    const before = await noting()
    let token = 0
    const { session: made, send } = staying<string>(
      before.url,
      { codec: text, first: () => [`login ${++token}`, 'subscribe'], backlog: {} },
      connection => {
        connection.send('handler')
        return NEVER.pipe(startWith('writer'))
      },
    )
    expect(send('early')).toBe(true)
    expect(made.backlog).toMatchObject({ messages: 1 })
    expect(await before.notes.take(5)).toEqual([
      '1 login 1',
      '1 subscribe',
      '1 early',
      '1 handler',
      '1 writer',
    ])
    expect(send('later')).toBe(true)
    expect(await before.notes.next()).toBe('1 later')
    await lost(made, before.server)
    expect([send('one'), send('two')]).toEqual([true, true])
    const after = await noting(before.port)
    expect(await after.notes.take(6)).toEqual([
      '1 login 2',
      '1 subscribe',
      '1 one',
      '1 two',
      '1 handler',
      '1 writer',
    ])
    expect(made.backlog).toMatchObject({ messages: 0, bytes: 0, dropped: 0, refused: 0 })
  })

  test('without a backlog is refused while there is no connection, and counted', async () => {
    const { url, notes } = await noting()
    const { session: made, send } = staying(url)
    expect(send('early')).toBe(false)
    expect(made.backlog).toMatchObject({ messages: 0, refused: 1 })
    await phase(made, 'open')
    expect(send('now')).toBe(true)
    expect(await notes.next()).toBe('1 now')
  })

  test('beyond the bounds of the backlog is refused, and counted', async () => {
    const { url, notes } = await noting()
    const { session: made, send } = staying(url, { backlog: { messages: 2, bytes: 10 } })
    expect([send('1234'), send('12345'), send(''), send('')]).toEqual([true, false, true, false])
    expect(made.backlog).toMatchObject({ messages: 2, refused: 2 })
    expect(await notes.take(2)).toEqual(['1 1234', '1 '])
  })

  test('is nothing where `first` throws: that closes with 1011, and is tried again', async () => {
    const { url, notes } = await noting()
    let calls = 0
    const failed = new Error('no token yet')
    const { phases } = staying(url, {
      first: () => {
        if (++calls === 1) throw failed
        return ['login']
      },
    })
    expect(await notes.next()).toBe('2 login')
    const waiting = phases.find(({ name }) => name === 'waiting') as { close: Close } | undefined
    expect(waiting?.close).toMatchObject({ code: 1011, by: 'local', cause: { cause: failed } })
  })
})

describe('multiplex', () => {
  test('asks again on each new connection, and no more when nobody listens', async () => {
    const before = await noting()
    const { session: made, multiplex } = staying<string>(before.url, { codec: text })
    const got = new Mailbox<string>()
    const subscription = multiplex(
      () => 'subscribe a',
      () => 'unsubscribe a',
      message => message.startsWith('a '),
    ).subscribe(message => got.put(message))

    for (let server = before; ; server = await noting(before.port)) {
      expect(await server.notes.next()).toBe('1 subscribe a')
      const connection = await firstValueFrom(made.opened)
      connection.send('echo')
      expect(await server.notes.next()).toBe('1 echo')
      if (server !== before) {
        subscription.unsubscribe()
        expect(await server.notes.next()).toBe('1 unsubscribe a')
        return
      }
      await lost(made, server.server)
    }
  })

  test('emits what matches, of each connection', async () => {
    const topics = async (port = 0) =>
      serving<string>({ port, codec: text }, ({ messages, send }) => {
        messages.subscribe(message => {
          for (const answer of ['b 1', `${message} 1`, `${message} 2`]) send(answer)
        })
      })
    const before = await topics()
    const { session: made, multiplex } = staying<string>(before.url, { codec: text })
    const got = new Mailbox<string>()
    multiplex(
      () => 'a',
      () => 'z',
      message => message.startsWith('a'),
    ).subscribe(message => got.put(message))
    expect(await got.take(2)).toEqual(['a 1', 'a 2'])
    await lost(made, before.server)
    await topics(before.port)
    expect(await got.take(2)).toEqual(['a 1', 'a 2'])
  })
})

describe('the end', () => {
  async function answering(status: number, headers: Record<string, string> = {}) {
    let asked = 0
    const http: HttpServer = createServer((_, response) => {
      asked++
      response.writeHead(status, headers).end()
    }).listen(0, '127.0.0.1')
    await event(http, 'listening')
    onTestFinished(async () => {
      http.close()
      http.closeAllConnections()
      await event(http, 'close')
    })
    const { port } = http.address() as AddressInfo
    return { url: `ws://127.0.0.1:${port}`, asked: () => asked }
  }

  test('comes at once where the server answers 401', async () => {
    const { url, asked } = await answering(401, { 'WWW-Authenticate': 'Bearer' })
    const { session: made, closed, phases, send } = staying(url, { backlog: {} })
    send('never')
    const close = await closed
    expect(close).toMatchObject({ code: 1006, by: 'peer', cause: { status: 401 } })
    expect(close.cause).toBeInstanceOf(HandshakeError)
    expect((close.cause as HandshakeError).headers['www-authenticate']).toBe('Bearer')
    expect(made.phase).toEqual({ name: 'gave up', close })
    expect(names(phases)).toEqual(['connecting', 'gave up'])
    expect(asked()).toBe(1)
    expect(made.backlog).toMatchObject({ messages: 0, dropped: 1 })
    expect(send('late')).toBe(false)
  })

  test('comes after maxAttempts', async () => {
    const { url, asked } = await answering(503)
    const { closed, phases } = staying(url, { reconnect: { ...reconnect, maxAttempts: 3 } })
    expect(await closed).toMatchObject({ cause: { status: 503 } })
    const [attempt, end] = phases.slice(-2)
    expect(end).toMatchObject({ name: 'gave up' })
    expect(attempt).toEqual({ name: 'connecting', attempt: asked() })
  })

  test('comes where the server is done, which is not giving up', async () => {
    const { url, server } = await serving()
    const taken = nextOf(server)
    const { session: made, closed } = staying(url)
    ;(await taken).close(1000, 'all told')
    expect(await closed).toMatchObject({ code: 1000, reason: 'all told', by: 'peer' })
    expect(made.phase.name).toBe('closed')
  })

  test('by close() sends its code and reason, and is the last of everything', async () => {
    const { url, server } = await noting()
    const taken = nextOf(server)
    const { session: made, close, send, closed, phases } = staying(url)
    const streams: Observable<unknown>[] = [made.phases, made.messages, made.opened, made.closed]
    const over = Promise.all(streams.map(each => lastValueFrom(each, { defaultValue: undefined })))
    const seen = firstValueFrom((await taken).closed)
    await phase(made, 'open')
    close(4000, 'bye')
    expect(made.phase.name).toBe('closing')
    expect(send('late')).toBe(false)
    expect(await closed).toMatchObject({ code: 4000, reason: 'bye', by: 'local', wasClean: true })
    expect(await seen).toMatchObject({ code: 4000, reason: 'bye', by: 'peer' })
    await over
    expect(names(phases)).toEqual(['connecting', 'open', 'closing', 'closed'])
  })

  test('by close() before it is open is 1006 by this side', async () => {
    const { url } = await noting()
    const { session: made, close, closed, send } = staying(url, { backlog: {} })
    send('never')
    close()
    expect(await closed).toEqual({ code: 1006, reason: '', wasClean: false, by: 'local' })
    expect(made.phase.name).toBe('closed')
    expect(made.backlog).toMatchObject({ messages: 0, dropped: 1 })
  })

  test('by close() in a wait comes at once', async () => {
    const { url, server } = await noting()
    const { session: made, close, closed } = staying(url, { reconnect: hour })
    await phase(made, 'open')
    await lost(made, server)
    close()
    expect(made.phase.name).toBe('closed')
    expect(await closed).toEqual({ code: 1006, reason: '', wasClean: false, by: 'local' })
  })

  test('comes where the writer of the handler completes', async () => {
    const { url, notes } = await noting()
    const { session: made, closed } = staying(url, {}, async function* () {
      await Promise.resolve()
      yield 'only'
    })
    expect(await notes.next()).toBe('1 only')
    expect(await closed).toMatchObject({ code: 1000, by: 'local' })
    expect(made.phase.name).toBe('closed')
  })
})
