import { firstValueFrom, interval, lastValueFrom, map, NEVER, switchMap } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect, HandshakeError } from 'rivulet'
import type { Limits, ServeOptions } from 'rivulet/server'
import { closeOf, encodeFrame, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { nextOf, serving } from './serving.js'

checkLeaks()

/** What a client is answered that asks for a connection. */
async function asking(port: number, headers: Record<string, string> = {}) {
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ headers }))
  return { client, ...(await client.answer()) }
}

/** Frames of one text message of so many fragments. */
function inFragments(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, at) => {
      const frame = encodeFrame(at === 0 ? opcodes.text : 0, 'x')
      if (at < count - 1) frame[0]! &= 0x7f
      return frame
    }),
  )
}

describe('limits.perAddress', () => {
  test('answers 429 with Retry-After to one more of an address, until one of them has gone', async () => {
    const { port } = await serving({ limits: { perAddress: 2 } })
    const [first] = [await asking(port), await asking(port)]
    const refused = await asking(port)
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
    expect(await refused.client.rest()).toBe('Too many connections from your address\n')
    first.client.tcp.destroy()
    await expect.poll(async () => (await asking(port)).status).toBe(101)
  })

  test('goes by what a trusted proxy says, and by nobody else’s word', async () => {
    const limits = { perAddress: 1 }
    const from = (address: string) => ({ 'X-Forwarded-For': address })
    // these clients answer no Close frame
    const timeouts = { close: 20 }
    const trusting = await serving({ limits, timeouts, trustProxy: true })
    expect((await asking(trusting.port, from('203.0.113.7'))).status).toBe(101)
    expect((await asking(trusting.port, from('203.0.113.7'))).status).toBe(429)
    expect((await asking(trusting.port, from('6.6.6.6, 203.0.113.7'))).status).toBe(429)
    expect((await asking(trusting.port, from('203.0.113.8'))).status).toBe(101)
    const wary = await serving({ limits, timeouts })
    expect((await asking(wary.port, from('203.0.113.7'))).status).toBe(101)
    expect((await asking(wary.port, from('203.0.113.8'))).status).toBe(429)
  })

  test('is in the handshake as remoteAddress', async () => {
    const { port, server } = await serving({ trustProxy: 2 })
    const taken = nextOf(server)
    await asking(port, { 'X-Forwarded-For': '203.0.113.7, 10.0.0.2' })
    expect((await taken).handshake.remoteAddress).toBe('203.0.113.7')
  })

  test('is heard by a client as a HandshakeError that says when to come back', async () => {
    const { url, server } = await serving({ limits: { perAddress: 1 } })
    const taken = nextOf(server)
    const first = connect(url, {}, () => NEVER).subscribe()
    await taken
    const error: unknown = await lastValueFrom(connect(url)).catch((thrown: unknown) => thrown)
    first.unsubscribe()
    expect(error).toBeInstanceOf(HandshakeError)
    expect(error).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
  })
})

describe('limits.fragments', () => {
  test('closes with 1008 for a message of one frame more', async () => {
    const { port, server } = await serving(
      { limits: { fragments: 10 } },
      ({ messages }) => messages,
    )
    const closed = firstValueFrom(server.connections.pipe(switchMap(each => each.closed)))
    const client = await RawClient.upgraded(port)
    client.write(inFragments(10))
    expect((await client.next()).payload.toString()).toBe('x'.repeat(10))
    client.write(inFragments(11))
    expect(closeOf(await client.next()).code).toBe(1008)
    expect(await closed).toMatchObject({ sent: 1008, cause: { code: 'ERR_PROTOCOL' } })
  })
})

describe('limits.rate', () => {
  test.each<[string, Limits['rate'], (client: RawClient) => void, string]>([
    [
      'messages',
      { messages: 10 },
      client => {
        for (let each = 0; each < 50; each++) client.frame(opcodes.text, 'x')
      },
      'messages',
    ],
    [
      'bytes',
      { bytes: 10_000 },
      client => {
        for (let each = 0; each < 50; each++) client.frame(opcodes.text, 'x'.repeat(1_000))
      },
      'bytes',
    ],
    [
      'pings',
      { pings: 10 },
      client => {
        for (let each = 0; each < 50; each++) client.frame(opcodes.ping)
      },
      'pings',
    ],
    [
      'pongs',
      { pings: 10 },
      client => {
        for (let each = 0; each < 50; each++) client.frame(opcodes.pong)
      },
      'pings',
    ],
  ])('closes with 1008 for too many %s', async (_, rate, flood, limit) => {
    const { port, server } = await serving({ limits: { rate } })
    const closed = firstValueFrom(server.connections.pipe(switchMap(each => each.closed)))
    const client = await RawClient.upgraded(port)
    flood(client)
    for (;;) {
      const frame = await client.next()
      if (frame.opcode === opcodes.pong) continue
      expect(closeOf(frame)).toEqual({ code: 1008, reason: 'too much' })
      break
    }
    client.tcp.end()
    expect(await closed).toMatchObject({
      by: 'local',
      sent: 1008,
      cause: { code: 'ERR_RATE', limit },
    })
  })

  test('does not deliver what is beyond it', async () => {
    const got: unknown[] = []
    const { port, server } = await serving(
      { limits: { rate: { messages: 5, burst: 1 } } },
      ({ read }) => {
        read(each => got.push(each))
      },
    )
    const closed = firstValueFrom(server.connections.pipe(switchMap(each => each.closed)))
    const client = await RawClient.upgraded(port)
    for (let each = 0; each < 50; each++) client.frame(opcodes.text, `${each}`)
    expect(closeOf(await client.next()).code).toBe(1008)
    client.tcp.end()
    await closed
    expect(got).toEqual(['0', '1', '2', '3', '4'])
  })

  test('that pauses slows the peer down, and loses nothing', async () => {
    const rate = { messages: 2_000, burst: 1, beyond: 'pause' } as const
    const { port, server } = await serving({ limits: { rate } }, ({ messages }) =>
      messages.pipe(map(each => each)),
    )
    const taken = nextOf(server)
    const client = await RawClient.upgraded(port)
    const count = 3_000
    for (let each = 0; each < count; each++) client.frame(opcodes.text, `${each}`.padEnd(200))
    const { flow } = await taken
    const states = new Set<string>()
    flow.changes.subscribe(({ state }) => states.add(state))
    for (let each = 0; each < count; each++) {
      expect((await client.next()).payload.toString().trim()).toBe(`${each}`)
    }
    expect(states).toContain('paused')
  })

  test('leaves others alone', async () => {
    const { url, port } = await serving(
      { limits: { rate: { messages: 100 } } },
      ({ messages }) => messages,
    )
    const neighbour = connect(url, {}, () => interval(20).pipe(map(each => `${each}`)))
    const answers: unknown[] = []
    const subscription = neighbour
      .pipe(switchMap(({ messages }) => messages))
      .subscribe(each => answers.push(each))
    const client = await RawClient.upgraded(port)
    for (let each = 0; each < 1_000; each++) client.frame(opcodes.text, 'x')
    await expect.poll(() => answers.length, { timeout: 5_000 }).toBeGreaterThan(10)
    subscription.unsubscribe()
  })
})

test.each<[Partial<ServeOptions>, RegExp]>([
  [{ limits: { perAddress: 0 } }, /limits\.perAddress: 0 is not a whole number/],
  [{ limits: { perAddress: true as never } }, /limits\.perAddress: true/],
  [{ limits: { fragments: 0 } }, /limits\.fragments: 0/],
  [{ limits: { rate: 5 as never } }, /limits\.rate: 5 is not an object/],
  [{ limits: { rate: { messages: 0 } } }, /limits\.rate\.messages: 0/],
  [{ trustProxy: 'yes' as never }, /trustProxy: "yes" is not true, false, or how many/],
  [{ trustProxy: -1 }, /trustProxy: -1/],
  [{ authenticate: {} as never }, /authenticate: an object is not a function/],
])('%j is refused', async (options, message) => {
  await expect(serving(options)).rejects.toThrow(message)
})
