import { filter, firstValueFrom, NEVER, of, startWith, switchMap, take } from 'rxjs'
import { describe, expect, test } from 'vitest'
import {
  type Close,
  ClosedError,
  connect,
  type Connection,
  ConnectionLostError,
  type Message,
  ProtocolError,
} from 'rivulet'
import { dialed, opened } from './dialed.js'
import { encodeFrame, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { rawServing, switching } from './raw-server.js'
import { wsServing } from './ws-server.js'

checkLeaks()

async function both() {
  const server = await wsServing()
  const client = await opened(connect(server.url))
  return { ...client, server, peer: await server.peers.next() }
}

/** Waits until the server has seen everybody who dialed before this: how many that were. */
async function seenBy(server: { readonly port: number; readonly seen: number }): Promise<number> {
  await RawClient.upgraded(server.port)
  return server.seen - 1
}

const samples: [string, Message][] = [
  ['a text', 'text'],
  ['an empty text', ''],
  ['a text of many planes', 'grüße 🌊 👩‍👩‍👧'],
  ['bytes', Buffer.of(0, 255, 7)],
  ['no bytes', Buffer.alloc(0)],
  ['64 KiB', Buffer.alloc(64 * 1024, 'rivulet')],
]

// compared as texts: that is quick also for large ones
const shown = (message: Message) =>
  typeof message === 'string' ? `text ${message}` : `bytes ${Buffer.from(message).toString('hex')}`

describe('a message', () => {
  test.each(samples)('of %s goes out as it is', async (_, message) => {
    const { connection, peer } = await both()
    expect(connection.send(message)).toBe(true)
    expect(shown(await peer.got.next())).toBe(shown(message))
  })

  test.each(samples)('of %s comes in as it is', async (_, message) => {
    const { got, peer } = await both()
    peer.ws.send(message)
    const came = await got.next()
    expect(shown(came)).toBe(shown(message))
    if (typeof message !== 'string') expect(came).toBeInstanceOf(Uint8Array)
  })

  test('sent before it is open arrives in order, before what the handler sends', async () => {
    const server = await wsServing()
    const { connection } = dialed(
      connect(server.url, {}, ({ send }) => {
        send('in the handler')
        return NEVER.pipe(startWith('by its writer'))
      }),
    )
    expect(connection.state).toBe('connecting')
    expect([connection.send('first'), connection.send(Buffer.of(2))]).toEqual([true, true])
    const { got } = await server.peers.next()
    expect(await got.take(4)).toEqual(['first', Buffer.of(2), 'in the handler', 'by its writer'])
  })
})

describe('the handler', () => {
  test('is called once, when the connection is open', async () => {
    const server = await wsServing()
    const calls: [Connection, string][] = []
    const { connection, got } = await opened(
      connect(server.url, {}, each => void calls.push([each, each.state])),
    )
    const { ws } = await server.peers.next()
    ws.send('later')
    await got.next()
    expect(calls).toEqual([[connection, 'open']])
  })

  test('closes with 1000 when its writer completes', async () => {
    const server = await wsServing()
    const { outcome } = dialed(connect(server.url, {}, () => of('only')))
    const peer = await server.peers.next()
    expect(await peer.got.next()).toBe('only')
    expect(await peer.closed).toEqual({ code: 1000, reason: '' })
    expect(await outcome).toBe('completed')
  })

  test('that throws closes with 1011, which is an error', async () => {
    const server = await wsServing()
    const failed = new Error('no coffee')
    const { outcome } = dialed(
      connect(server.url, {}, () => {
        throw failed
      }),
    )
    expect(await (await server.peers.next()).closed).toMatchObject({ code: 1011 })
    const error = await outcome
    expect(error).toBeInstanceOf(ClosedError)
    expect(error).toMatchObject({ close: { by: 'local', cause: { cause: failed } } })
  })
})

describe('a subscription', () => {
  test('is a connection of its own', async () => {
    const server = await wsServing()
    const connections = connect(server.url)
    const [one, two] = [await opened(connections), await opened(connections)]
    expect(one.connection).not.toBe(two.connection)
    expect(one.connection.id).not.toBe(two.connection.id)
    const [first, second] = await server.peers.take(2)
    one.subscription.unsubscribe()
    expect(await first!.closed).toMatchObject({ code: 1000 })
    second!.ws.send('still here')
    expect(await two.got.next()).toBe('still here')
  })

  test('that ends closes with 1000', async () => {
    const { subscription, connection, closed, peer } = await both()
    subscription.unsubscribe()
    expect(connection.state).toBe('closing')
    expect(await peer.closed).toEqual({ code: 1000, reason: '' })
    expect(await closed).toEqual({
      code: 1000,
      reason: '',
      wasClean: true,
      by: 'local',
      sent: 1000,
      received: 1000,
    })
  })

  test('that ends before it is open sends nothing, and the server sees no WebSocket', async () => {
    const server = await wsServing()
    const { subscription, connection, closed } = dialed(connect(server.url))
    connection.send('never')
    subscription.unsubscribe()
    expect(await closed).toEqual({ code: 1006, reason: '', wasClean: false, by: 'local' })
    await seenBy(server)
    expect(server.wss.clients.size).toBe(1)
  })

  test.each(['take(1)', 'firstValueFrom'])(
    'of %s ends at once: nothing is dialed',
    async operator => {
      const server = await wsServing()
      const connection = await firstValueFrom(
        operator === 'take(1)' ? connect(server.url).pipe(take(1)) : connect(server.url),
      )
      expect(await firstValueFrom(connection.closed)).toMatchObject({ code: 1006, by: 'local' })
      expect(await seenBy(server)).toBe(0)
    },
  )

  test('of firstValueFrom for a message closes with 1000 behind it', async () => {
    const server = await wsServing()
    server.wss.on('connection', ws => ws.send('hello'))
    const message = firstValueFrom(connect(server.url).pipe(switchMap(each => each.messages)))
    const { closed } = await server.peers.next()
    expect(await message).toBe('hello')
    expect(await closed).toMatchObject({ code: 1000 })
  })

  test('of take(1) for the state open closes with 1000', async () => {
    const server = await wsServing()
    const open = connect(server.url).pipe(
      switchMap(each => each.states),
      filter(state => state === 'open'),
      take(1),
    )
    expect(await firstValueFrom(open)).toBe('open')
    expect(await (await server.peers.next()).closed).toMatchObject({ code: 1000 })
  })
})

describe('close()', () => {
  test('sends its code and reason behind what was sent, and completes', async () => {
    const { connection, outcome, peer } = await both()
    connection.send('last words')
    connection.close(4001, 'enough')
    expect(await peer.got.next()).toBe('last words')
    expect(await peer.closed).toEqual({ code: 4001, reason: 'enough' })
    expect(await outcome).toBe('completed')
  })

  test('before it is open ends with 1006, nothing sent, and completes', async () => {
    const server = await wsServing()
    const { connection, outcome, closed } = dialed(connect(server.url))
    connection.close(4001)
    expect(await outcome).toBe('completed')
    expect(await closed).toEqual({ code: 1006, reason: '', wasClean: false, by: 'local' })
  })

  test('is given up where the server does not answer it in time, and completes', async () => {
    const { url } = await rawServing((tcp, key) => tcp.resume().write(switching(key)))
    const { connection, outcome, closed } = await opened(connect(url, { timeouts: { close: 50 } }))
    connection.close()
    expect(await outcome).toBe('completed')
    expect(await closed).toMatchObject({
      code: 1006,
      wasClean: false,
      by: 'local',
      sent: 1000,
      cause: { code: 'ERR_TIMEOUT', timeout: 'close' },
    })
  })
})

describe('the server', () => {
  test.each([
    ['1000', 1000],
    ['no code', undefined],
  ])('that closes with %s completes it', async (_, code) => {
    const { outcome, closed, peer } = await both()
    peer.ws.close(code)
    expect(await outcome).toBe('completed')
    expect(await closed).toMatchObject({ code: code ?? 1005, by: 'peer', wasClean: true })
  })

  test.each([1001, 1008, 1011, 1012, 1013, 4001])(
    'that closes with %d is an error with that Close',
    async code => {
      const { outcome, closed, peer } = await both()
      peer.ws.close(code, 'why')
      const error = await outcome
      expect(error).toBeInstanceOf(ClosedError)
      const close = await closed
      expect((error as ClosedError).close).toBe(close)
      expect(close).toEqual({
        code,
        reason: 'why',
        wasClean: true,
        by: 'peer',
        sent: code,
        received: code,
      })
    },
  )

  test.each(['ends', 'resets'])('that %s the TCP connection is an error of 1006', async how => {
    const { outcome, peer } = await both()
    if (how === 'ends') peer.ws.terminate()
    else peer.request.socket.resetAndDestroy()
    const { close } = closedError(await outcome)
    expect(close).toMatchObject({ code: 1006, wasClean: false, by: 'network' })
    expect(close.cause).toBeInstanceOf(ConnectionLostError)
  })

  test.each([
    ['a masked frame', 1002, encodeFrame(opcodes.text, 'x')],
    ['a reserved bit', 1002, encodeFrame(opcodes.text, 'x', { masked: false, reserved: 0x40 })],
    ['an unknown opcode', 1002, encodeFrame(3, '', { masked: false })],
    ['invalid UTF-8', 1007, encodeFrame(opcodes.text, Buffer.of(0xff), { masked: false })],
  ])('that sends %s is told %d, which is an error', async (_, code, frame) => {
    const { outcome, peer } = await both()
    peer.request.socket.write(frame)
    const { close } = closedError(await outcome)
    expect(close).toMatchObject({ by: 'local', sent: code })
    expect(close.cause).toBeInstanceOf(ProtocolError)
    expect(close.cause).toMatchObject({ closeCode: code })
    expect(await peer.closed).toMatchObject({ code })
  })

  test('that sends more than limits.payload is told 1009', async () => {
    const server = await wsServing()
    const { outcome, got } = await opened(connect(server.url, { limits: { payload: 10 } }))
    const peer = await server.peers.next()
    peer.ws.send('0123456789')
    peer.ws.send('0123456789a')
    expect(await got.next()).toBe('0123456789')
    expect(await peer.closed).toMatchObject({ code: 1009 })
    const { close } = closedError(await outcome)
    expect(close).toMatchObject({ by: 'local', sent: 1009, cause: { closeCode: 1009 } })
  })
})

function closedError(error: unknown): { close: Close } {
  expect(error).toBeInstanceOf(ClosedError)
  return error as ClosedError
}
