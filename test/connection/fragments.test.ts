import { describe, expect, test } from 'vitest'
import { type Connection, fragments, type Message } from 'rivulet'
import type { Frame } from '../../src/testing/frame.js'
import { payloads, stepped, type Stepped, text } from './stepped.js'

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill)

async function* pieces(...all: Uint8Array[]) {
  for (const each of all) {
    await Promise.resolve()
    yield each
  }
}

/** A source of which each piece is given by hand. */
function byHand() {
  let settle: { resolve: (r: IteratorResult<Uint8Array>) => void; reject: (e: Error) => void }
  const source = {
    asked: 0,
    returned: 0,
    give: (piece: Uint8Array) => settle.resolve({ done: false, value: piece }),
    finish: () => settle.resolve({ done: true, value: undefined }),
    fail: (error: Error) => settle.reject(error),
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
          source.asked++
          settle = { resolve, reject }
        }),
      return: () => {
        source.returned++
        return Promise.resolve({ done: true as const, value: undefined })
      },
    }),
  }
  return source
}

const part = (fragment: Uint8Array, last = false): Frame => ({ fragment, last })
const end = part(new Uint8Array(), true)

const closeOf = (connection: Connection) => {
  const closes: unknown[] = []
  connection.closed.subscribe(close => closes.push(close))
  expect(closes).toHaveLength(1)
  return closes[0]
}

/** What the far end made of what arrived. */
function messagesAt({ far }: Stepped<Message, Message>): Message[] {
  const got: Message[] = []
  far.addListener('message', message => got.push(message))
  return got
}

describe('a message in pieces', () => {
  test('is one binary message', async () => {
    const all = await stepped()
    const got = messagesAt(all)
    expect(all.connection.send(fragments(pieces(bytes(2, 1), bytes(3, 2))))).toBe(true)
    await all.until(10)
    expect(payloads(all.arrived)).toEqual([part(bytes(2, 1)), part(bytes(3, 2)), end])
    expect(got).toEqual([Uint8Array.of(1, 1, 2, 2, 2)])
    expect(all.connection.flow).toMatchObject({ sent: 1, queued: 0 })
  })

  test('may have no pieces at all', async () => {
    const all = await stepped()
    const got = messagesAt(all)
    all.connection.send(fragments(pieces()))
    await all.until(10)
    expect(got).toEqual([new Uint8Array()])
  })

  test('can be what a writer yields or emits', async () => {
    const all = await stepped(async function* () {
      await Promise.resolve()
      yield 'a'
      yield fragments(pieces(bytes(1)))
      yield 'b'
    })
    await all.until(10)
    expect(payloads(all.arrived)).toEqual([
      text('a'),
      part(bytes(1)),
      end,
      text('b'),
      { close: 1000, reason: '' },
    ])
  })

  test('waits for open like any other', async () => {
    const all = await stepped(({ send }) => {
      send(fragments(pieces(bytes(1))))
    })
    await all.until(10)
    expect(payloads(all.arrived)).toEqual([part(bytes(1)), end])
  })

  test('keeps other messages behind it', async () => {
    const source = byHand()
    const all = await stepped()
    all.connection.send(fragments(source))
    all.connection.send('behind')
    expect(all.connection.flow).toMatchObject({ sent: 1, queued: 1 })
    source.give(bytes(1))
    await all.until(10)
    expect(payloads(all.arrived)).toEqual([part(bytes(1))])
    source.finish()
    await all.until(20)
    expect(payloads(all.arrived)).toEqual([part(bytes(1)), end, text('behind')])
    expect(all.connection.flow).toMatchObject({ sent: 2, queued: 0, state: 'flowing' })
  })

  test('waits for another in pieces', async () => {
    const [first, second] = [byHand(), byHand()]
    const all = await stepped()
    all.connection.send(fragments(first))
    all.connection.send(fragments(second))
    expect([first.asked, second.asked]).toEqual([1, 0])
    first.finish()
    await all.until(10)
    expect(second.asked).toBe(1)
    second.finish()
    await all.until(20)
    expect(payloads(all.arrived)).toEqual([end, end])
  })

  test('has its pieces asked for only as the socket drains', async () => {
    let asked = 0
    const all = await stepped(undefined, { wire: { bandwidth: 40_000 } })
    all.connection.send(
      fragments(
        (async function* () {
          await Promise.resolve()
          for (; asked < 100; asked++) yield bytes(40_000)
        })(),
      ),
    )
    await all.until(10)
    expect(asked).toBe(1)
    await all.until(10_000)
    expect(asked).toBeLessThan(14)
    expect(all.connection.state).toBe('open')
  })

  test('lets pings through between its pieces', async () => {
    const source = byHand()
    const all = await stepped()
    all.connection.send(fragments(source))
    source.give(bytes(1))
    await all.until(10)
    all.far.ping()
    await all.until(20)
    source.finish()
    await all.until(30)
    expect(all.arrived.map(({ frame }) => frame)).toEqual([part(bytes(1)), 'pong', end])
  })

  test('does not pause reading while it is its source that is slow', async () => {
    const source = byHand()
    const all = await stepped(async function* () {
      yield fragments(source)
      await Promise.resolve()
    })
    source.give(bytes(1))
    await all.until(10)
    expect(all.connection.flow.state).toBe('flowing')
    all.far.ping()
    await all.until(20)
    expect(all.arrived.map(({ frame }) => frame)).toEqual([part(bytes(1)), 'pong'])
    source.finish()
    await all.until(30)
  })

  test('reads on each time the socket has room again, long before it is complete', async () => {
    const all = await stepped(undefined, { wire: { bandwidth: 70_000 } })
    all.connection.send(fragments(pieces(...Array.from({ length: 20 }, () => bytes(70_000)))))
    await all.until(2_500)
    all.far.ping()
    await all.until(10_000)
    const at = all.arrived.findIndex(({ frame }) => frame === 'pong')
    expect(at).toBeGreaterThan(0)
    expect(at).toBeLessThan(6)
    await all.until(40_000)
  })
})

describe('a stall', () => {
  test.each([
    ['nothing waits', () => undefined],
    ['another message waits', (connection: Connection) => void connection.send('behind')],
  ])('is not seen in a source that is slow, when %s', async (_, and) => {
    const source = byHand()
    const all = await stepped(undefined, { heartbeat: false })
    all.connection.send(fragments(source))
    and(all.connection)
    source.give(bytes(1))
    await all.until(300_000)
    expect(all.connection.state).toBe('open')
    source.finish()
    await all.until(300_010)
    expect(all.arrived.at(-1)?.at).toBeLessThanOrEqual(300_010)
    expect(all.connection.flow.state).toBe('flowing')
  })

  test('is not seen in a slow source that a writer yields', async () => {
    const source = byHand()
    const all = await stepped(
      async function* () {
        yield fragments(source)
        await new Promise(() => undefined)
      },
      { heartbeat: false },
    )
    await all.until(300_000)
    expect(all.connection.state).toBe('open')
  })

  test.each([
    ['nothing waits', () => undefined],
    ['another message waits', (connection: Connection) => void connection.send('behind')],
  ])('is not seen while pieces go out over a slow link, when %s', async (_, and) => {
    // each look finds as much in the socket as the one before, for it was refilled
    const all = await stepped(undefined, { wire: { bandwidth: 70_010 / 3 }, heartbeat: false })
    all.connection.send(fragments(pieces(...Array.from({ length: 100 }, () => bytes(70_000)))))
    and(all.connection)
    await all.until(290_000)
    expect(all.connection.state).toBe('open')
    await all.until(310_000)
    expect(payloads(all.arrived)[100]).toEqual(end)
  })

  test('is seen in the middle of a message', async () => {
    const all = await stepped()
    all.stall()
    all.connection.send(fragments(pieces(...Array.from({ length: 9 }, () => bytes(70_000)))))
    await all.until(29_999)
    expect(all.connection.state).toBe('open')
    await all.until(30_000)
    expect(all.connection.state).toBe('closing')
    await all.until(35_000)
    expect(closeOf(all.connection)).toMatchObject({
      code: 1006,
      by: 'local',
      sent: 1013,
      cause: { timeout: 'stall' },
    })
  })
})

describe('a source that fails', () => {
  test('in the middle of its message closes with 1011, and nothing is sent behind', async () => {
    const source = byHand()
    const all = await stepped()
    all.connection.send(fragments(source))
    all.connection.send('behind')
    source.give(bytes(1))
    await all.until(10)
    source.fail(new Error('disk'))
    await all.until(20)
    expect(payloads(all.arrived)).toEqual([
      part(bytes(1)),
      { close: 1011, reason: 'internal error' },
    ])
    expect(closeOf(all.connection)).toMatchObject({
      code: 1011,
      cause: { code: 'ERR_APPLICATION', where: 'writer', cause: { message: 'disk' } },
    })
    expect(all.connection.flow).toMatchObject({ queued: 0, dropped: 1 })
  })

  test.each([
    [
      'throws when it is asked for its iterator',
      {
        [Symbol.asyncIterator]: () => {
          throw new Error('x')
        },
      },
    ],
    [
      'throws in next()',
      {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            throw new Error('x')
          },
        }),
      },
    ],
    [
      'gives no result',
      { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(undefined) }) },
    ],
    [
      'gives text',
      {
        async *[Symbol.asyncIterator]() {
          yield await Promise.resolve('text')
        },
      },
    ],
  ])('as it %s closes with 1011', async (_, source) => {
    const all = await stepped()
    all.connection.send(fragments(source as AsyncIterable<Uint8Array>))
    await all.until(10)
    expect(closeOf(all.connection)).toMatchObject({ code: 1011, cause: { where: 'writer' } })
  })

  test('while closing sends nothing behind the part that went, but the Close frame', async () => {
    const source = byHand()
    const all = await stepped()
    const got = messagesAt(all)
    all.connection.send(fragments(source))
    all.connection.send('behind')
    source.give(bytes(1))
    await all.until(10)
    all.connection.close()
    source.fail(new Error('disk'))
    await all.until(20)
    // what went behind would be taken for the rest of the message
    expect(got).toEqual([])
    expect(payloads(all.arrived)).toEqual([part(bytes(1)), { close: 1000, reason: '' }])
    expect(closeOf(all.connection)).toMatchObject({ cause: { where: 'writer' } })
    expect(all.connection.flow).toMatchObject({ sent: 1, queued: 0, dropped: 1 })
  })

  test('while closing, with a socket that is full, sends nothing behind it either', async () => {
    const source = byHand()
    const all = await stepped()
    all.connection.send(fragments(source))
    all.connection.send('behind')
    all.stall()
    source.give(bytes(70_000))
    await all.until(10)
    all.connection.close()
    // this one was asked for before: the source may fail at any time
    all.resume()
    await all.until(20)
    source.fail(new Error('disk'))
    await all.until(30)
    expect(payloads(all.arrived).slice(1)).toEqual([{ close: 1000, reason: '' }])
  })
})

describe('leaving open', () => {
  test.each<[string, (all: Stepped<Message, Message>) => void]>([
    ['the peer closes', ({ far }) => far.close(4000)],
    ['the connection is lost', ({ near }) => near.reset()],
    ['this side closes with 1011', ({ connection }) => connection.close(1011)],
    ['this side closes with 1013', ({ connection }) => connection.close(1013)],
  ])('calls return() on its source when %s', async (_, leave) => {
    const source = byHand()
    const all = await stepped()
    all.connection.send(fragments(source))
    source.give(bytes(1))
    await all.until(10)
    expect(source.returned).toBe(0)
    leave(all)
    await all.until(20)
    expect(source.returned).toBe(1)
    await all.until(10_000)
    expect(source.returned).toBe(1)
    expect(all.connection.state).toBe('closed')
  })

  test('by close() finishes the message first, and what waits behind it', async () => {
    const source = byHand()
    const all = await stepped()
    all.connection.send(fragments(source))
    all.connection.send('behind')
    source.give(bytes(1, 1))
    await all.until(10)
    all.connection.close(4000)
    await all.until(1_000)
    expect(all.connection.state).toBe('closing')
    source.give(bytes(1, 2))
    await all.until(2_000)
    source.finish()
    await all.until(3_000)
    expect(payloads(all.arrived)).toEqual([
      part(bytes(1, 1)),
      part(bytes(1, 2)),
      end,
      text('behind'),
      { close: 4000, reason: '' },
    ])
    expect(closeOf(all.connection)).toMatchObject({ code: 4000, wasClean: true })
    expect(source.returned).toBe(0)
  })

  test('by close() waits for the message for timeouts.close at most', async () => {
    const source = byHand()
    const all = await stepped()
    all.connection.send(fragments(source))
    all.connection.close(4000)
    await all.until(4_999)
    expect(all.connection.state).toBe('closing')
    await all.until(5_001)
    expect(closeOf(all.connection)).toMatchObject({ code: 1006, cause: { timeout: 'close' } })
    expect(source.returned).toBe(1)
  })

  test('does not make the count of what was sent negative', async () => {
    const all = await stepped()
    all.near.addListener('message', () => undefined)
    all.connection.send(fragments(pieces(...Array.from({ length: 50 }, () => bytes(10)))))
    // its answer is on the way while the pieces still come
    all.far.answers = false
    all.far.close(4000)
    await all.until(10)
    const { sent, refused } = all.connection.flow
    expect(sent).toBeGreaterThanOrEqual(0)
    expect(sent + refused).toBe(1)
    await all.until(10_000)
  })
})

describe('a socket that only sends whole messages', () => {
  test('gets it whole', async () => {
    const all = await stepped(undefined, { whole: true })
    const got = messagesAt(all)
    all.connection.send(fragments(pieces(bytes(2, 1), bytes(1, 2))))
    all.connection.send('behind')
    await all.until(10)
    expect(got).toEqual([Uint8Array.of(1, 1, 2), 'behind'])
  })

  test('gets it up to outbox.bytes', async () => {
    const all = await stepped(undefined, { whole: true, outbox: { bytes: 100 } })
    const got = messagesAt(all)
    all.connection.send(fragments(pieces(bytes(50), bytes(50))))
    await all.until(10)
    expect(got).toEqual([bytes(100)])
  })

  test('fails beyond outbox.bytes, and asks for no more', async () => {
    let asked = 0
    let cleaned = false
    const all = await stepped(undefined, { whole: true, outbox: { bytes: 100 } })
    all.connection.send(
      fragments(
        (async function* () {
          try {
            await Promise.resolve()
            for (; ; asked++) yield bytes(50)
          } finally {
            cleaned = true
          }
        })(),
      ),
    )
    await all.until(10)
    expect(payloads(all.arrived)).toEqual([{ close: 1011, reason: 'internal error' }])
    expect(closeOf(all.connection)).toMatchObject({
      cause: {
        cause: { name: 'RangeError', message: expect.stringContaining('100 bytes') as string },
      },
    })
    expect(asked).toBe(2)
    expect(cleaned).toBe(true)
  })
})

describe('fragments', () => {
  test.each([undefined, null, 'text', bytes(1), [bytes(1)], {}])('refuses %s', value => {
    expect(() => fragments(value as never)).toThrow(
      'fragments: an AsyncIterable of Uint8Array is needed',
    )
  })
})
