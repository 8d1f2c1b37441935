import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { firstValueFrom, NEVER, switchMap, take, toArray } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import {
  type CompressionOptions,
  connect,
  dialWith,
  fragments,
  type Message,
  prepare,
} from 'rivulet'
import { serve } from 'rivulet/server'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

type Compression = CompressionOptions | boolean | undefined

const deflate = 'permessage-deflate'

/** What a server agrees to. */
async function agreed(compression: Compression, offer: string | undefined) {
  // this client answers no Close frame
  const { port } = await serving({ compression, timeouts: { close: 20 } })
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': offer } }))
  const { status, headers } = await client.answer()
  return [status, headers['sec-websocket-extensions']]
}

describe('compression', () => {
  test('is not agreed to by default', async () => {
    expect(await agreed(undefined, deflate)).toEqual([101, undefined])
    expect(await agreed(false, deflate)).toEqual([101, undefined])
  })

  test('is not agreed to with a client that does not offer it', async () => {
    expect(await agreed(true, undefined)).toEqual([101, undefined])
    expect(await agreed(true, 'x-webkit-deflate-frame')).toEqual([101, undefined])
  })

  const plain = `${deflate}; server_no_context_takeover; client_no_context_takeover`
  test.each<[Compression, string, string]>([
    [true, deflate, plain],
    [true, `${deflate}; client_max_window_bits`, plain],
    [{ serverTakeover: true, clientTakeover: true }, deflate, deflate],
    [
      { serverTakeover: true, clientTakeover: true },
      `${deflate}; server_no_context_takeover`,
      `${deflate}; server_no_context_takeover`,
    ],
    [
      { serverTakeover: true, clientTakeover: true },
      `${deflate}; server_max_window_bits=9`,
      `${deflate}; server_max_window_bits=9`,
    ],
    [
      { serverTakeover: true, clientTakeover: true, serverWindow: 10 },
      deflate,
      `${deflate}; server_max_window_bits=10`,
    ],
    [
      { serverTakeover: true, clientTakeover: true, clientWindow: 11 },
      `${deflate}; client_max_window_bits`,
      `${deflate}; client_max_window_bits=11`,
    ],
    [
      { serverTakeover: true, clientTakeover: true, clientWindow: 11 },
      `${deflate}; server_max_window_bits=8; client_max_window_bits, ${deflate}; client_max_window_bits`,
      `${deflate}; client_max_window_bits=11`,
    ],
  ])('%j is agreed on for %s', async (compression, offer, answer) => {
    expect(await agreed(compression, offer)).toEqual([101, answer])
  })

  test.each<[Compression, string]>([
    [{ serverWindow: 12 }, `${deflate}; server_max_window_bits=11`],
    [{ clientWindow: 12 }, deflate],
    [{ clientWindow: 12 }, `${deflate}; client_max_window_bits=11`],
    [true, `${deflate}; server_max_window_bits=8`],
    [true, `${deflate}; server_max_window_bits=16`],
    [true, `${deflate}; unknown`],
    [true, `${deflate}; client_no_context_takeover=1`],
  ])('%j is declined, and not the connection, for %s', async (compression, offer) => {
    expect(await agreed(compression, offer)).toEqual([101, undefined])
  })

  test('is a 400 for a header that is malformed', async () => {
    expect((await agreed(true, `${deflate};`))[0]).toBe(400)
    expect((await agreed(true, '='))[0]).toBe(400)
  })
})

const windows = [9, 15]
const takeovers = [true, false]
const all = windows.flatMap(window =>
  takeovers.flatMap(server =>
    takeovers.map(client => ({
      serverWindow: window,
      clientWindow: window,
      serverTakeover: server,
      clientTakeover: client,
      threshold: 0,
    })),
  ),
)

describe('messages', () => {
  const messages: Message[] = [
    '',
    'a',
    'hello '.repeat(10_000),
    Uint8Array.from({ length: 70_000 }, (_, at) => at % 251),
    'hello '.repeat(10_000),
    '😀'.repeat(1_000),
  ]
  const plain = (each: Message) => (typeof each === 'string' ? each : [...each])

  test.each(all)('of any kind cross both ways, with %j', async compression => {
    const { url } = await serving({ compression }, ({ messages }) => messages)
    const came = await firstValueFrom(
      connect(url, { compression }, ({ send }) => {
        for (const each of messages) send(each)
      }).pipe(
        switchMap(connection => connection.messages),
        take(messages.length),
        toArray(),
      ),
    )
    expect(came.map(plain)).toEqual(messages.map(plain))
  })

  test('are fewer bytes on the wire than without, from the threshold on', async () => {
    const sizes: number[] = []
    for (const length of [1_000, 2_000]) {
      const { server, url } = await serving({ compression: true })
      const taken = nextOf(server)
      const client = await openClient(url, { perMessageDeflate: { threshold: 0 } })
      const tcp = (client.ws as unknown as { _socket: { bytesRead: number } })._socket
      const before = tcp.bytesRead
      const { send } = await taken
      send('x'.repeat(length))
      await client.next()
      sizes.push(tcp.bytesRead - before)
    }
    const [short = 0, long = 0] = sizes
    expect(short).toBeGreaterThan(1_000)
    expect(long).toBeLessThan(100)
  })

  test('arrive whole and in order, whatever they are: small, large, prepared, in fragments, pings between', async () => {
    const one = fc.oneof(
      fc.string({ maxLength: 50 }),
      fc.integer({ min: 0, max: 60_000 }).map(length => 'ab'.repeat(length)),
      fc.uint8Array({ maxLength: 3_000 }),
    )
    const step = fc.record({ message: one, how: fc.constantFrom('plain', 'prepared', 'fragments') })
    const { server, url } = await serving({
      compression: { threshold: 500 },
      outbox: { bytes: 2 ** 30 },
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
        const taken = nextOf(server)
        const client = await openClient(url)
        const { send } = await taken
        const sent = steps.map(({ message, how }) => {
          client.ws.ping()
          if (how === 'prepared') send(prepare(message))
          else if (how === 'plain' || typeof message === 'string') send(message)
          else send(fragments(pieces(message)))
          return plain(message)
        })
        const got: unknown[] = []
        while (got.length < sent.length) got.push(plain(await client.next()))
        expect(got).toEqual(sent)
        client.ws.close()
        await client.closed
      }),
      { numRuns: 20, seed: 7 },
    )
  })

  test('are closed behind: what was sent before close() arrives, compressed or not', async () => {
    const { server, url } = await serving({ compression: { threshold: 0 } })
    const taken = nextOf(server)
    const client = await openClient(url)
    const { send, close } = await taken
    for (let each = 0; each < 50; each++) send(`${each}`.repeat(500))
    close(4001)
    for (let each = 0; each < 50; each++) expect(await client.next()).toBe(`${each}`.repeat(500))
    expect(await client.closed).toMatchObject({ code: 4001 })
  })
})

async function* pieces(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 1_000) {
    yield await Promise.resolve(bytes.subarray(at, at + 1_000))
  }
}

describe('a message that is small until it is decompressed', () => {
  test('is held to the payload limit by a server: 1009', async () => {
    const { server, port } = await serving({ compression: true, limits: { payload: 100_000 } })
    const closed = firstValueFrom(server.connections.pipe(switchMap(each => each.closed)))
    const client = await RawClient.connect(port)
    client.write(upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': deflate } }))
    await client.answer()
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024), { finishFlush: 2 })
    expect(bomb.byteLength).toBeLessThan(100_000)
    // binary, compressed: the first reserved bit
    client.frame(0x42, bomb.subarray(0, -4))
    const frame = await client.next()
    expect(frame.payload.readUInt16BE(0)).toBe(1009)
    expect(await closed).toMatchObject({ code: 1006, sent: 1009, cause: { code: 'ERR_PROTOCOL' } })
  })

  test('is held to the payload limit by a client: 1009', async () => {
    const wss = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      perMessageDeflate: { threshold: 0 },
    })
    onTestFinished(() => {
      for (const each of wss.clients) each.terminate()
      wss.close()
    })
    await event(wss, 'listening')
    const codes: number[] = []
    wss.on('connection', ws => {
      ws.on('close', code => codes.push(code))
      ws.send(Buffer.alloc(1_000_000))
    })
    const { port } = wss.address() as AddressInfo
    const closed = firstValueFrom(
      connect(`ws://127.0.0.1:${port}`, { compression: true, limits: { payload: 100_000 } }).pipe(
        switchMap(each => each.closed),
      ),
    )
    expect(await closed).toMatchObject({ sent: 1009, cause: { code: 'ERR_PROTOCOL' } })
    await expect.poll(() => codes).toEqual([1009])
  })
})

test('bytes that do not decompress are a violation: 1007', async () => {
  const { port, server } = await serving({ compression: true })
  const closed = firstValueFrom(server.connections.pipe(switchMap(each => each.closed)))
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': deflate } }))
  await client.answer()
  client.frame(0x42, Uint8Array.of(0xff, 0xff, 0xff))
  expect((await client.next()).payload.readUInt16BE(0)).toBe(1007)
  const cause = { code: 'ERR_PROTOCOL', closeCode: 1007 }
  expect(await closed).toMatchObject({ code: 1006, by: 'local', sent: 1007, cause })
})

describe('options of compression', () => {
  test.each<[unknown, RegExp]>([
    [5, /compression: 5 is not an object$/],
    [{ windowBits: 9 }, /compression\.windowBits is not an option/],
    [{ serverWindow: 8 }, /compression\.serverWindow: 8 is not a whole number from 9 to 15$/],
    [{ clientWindow: 16 }, /compression\.clientWindow: 16/],
    [{ level: 0 }, /compression\.level: 0/],
    [{ memory: 10 }, /compression\.memory: 10/],
    [{ threshold: -1 }, /compression\.threshold: -1/],
    [{ concurrency: 0 }, /compression\.concurrency: 0/],
    [{ serverTakeover: 1 }, /compression\.serverTakeover: 1 is not true or false$/],
  ])('that make no sense are refused: %j', (compression, message) => {
    expect(() => serve({ port: 0, compression: compression as boolean })).toThrow(message)
    expect(() => connect('ws://x', { compression: compression as boolean })).toThrow(message)
  })

  test('are refused where a browser decides', () => {
    expect(() => connect('ws://x', { dial: dialWith(WebSocket), compression: true })).toThrow(
      /^connect: compression: what was given is not possible here/,
    )
  })
})

test('a client offers compression only when it is told to', async () => {
  const { server, url } = await serving({ compression: true })
  for (const [compression, offered] of [
    [undefined, undefined],
    [
      true,
      `${deflate}; server_no_context_takeover; client_no_context_takeover; client_max_window_bits`,
    ],
  ] as const) {
    const taken = nextOf(server)
    const subscription = connect(url, { compression }, () => NEVER).subscribe()
    expect((await taken).handshake.headers['sec-websocket-extensions']).toBe(
      offered &&
        `${deflate}; server_no_context_takeover; client_no_context_takeover; client_max_window_bits`,
    )
    subscription.unsubscribe()
  }
})
