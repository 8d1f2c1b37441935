import fc from 'fast-check'
import { VirtualTimeScheduler } from 'rxjs'
import { expect, test } from 'vitest'
import { latest, type Message } from 'rivulet'
import { Outbox, type OutboxBounds } from '../../src/connection/outbox.js'
import { Emitter } from '../../src/emitter.js'
import {
  byteLength,
  highWater,
  lowWater,
  type Socket,
  type SocketEvents,
} from '../../src/socket.js'

/** A socket that drains when it is told to. */
class HandSocket extends Emitter<SocketEvents> implements Socket {
  readonly sent: string[] = []
  readonly #waiting: number[] = []
  #backedUp = false
  bufferedAmount = 0
  bytesRead = 0
  messagesRead = 0
  refused = 0
  closed = 0

  send(message: Message): void {
    if (this.closed > 0) throw new Error('sent behind the Close frame')
    this.sent.push(message as string)
    this.#waiting.push(byteLength(message))
    this.bufferedAmount += byteLength(message)
    if (this.bufferedAmount >= highWater) this.#backedUp = true
  }

  drain(count: number): void {
    for (const bytes of this.#waiting.splice(0, count)) this.bufferedAmount -= bytes
    if (!this.#backedUp || this.bufferedAmount > lowWater) return
    this.#backedUp = false
    this.tell('drain', undefined)
  }

  close(): void {
    this.closed++
  }

  terminate(): void {
    this.closed++
  }
}

type Step =
  | { do: 'emit'; bytes: number; key: number }
  | { do: 'drain'; count: number }
  | { do: 'turn' }
  | { do: 'open' }
  | { do: 'close'; discard: boolean }

const emit = fc.record({
  do: fc.constant('emit' as const),
  // around the marks of the socket and the bounds of the outbox
  bytes: fc.oneof(
    fc.integer({ min: 6, max: 40 }),
    fc.constantFrom(100, 1_000, lowWater, highWater - 1, highWater),
  ),
  key: fc.integer({ min: 0, max: 3 }),
})

const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: emit },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('drain' as const),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
    { weight: 4, arbitrary: fc.constant({ do: 'turn' } as const) },
    { weight: 2, arbitrary: fc.constant({ do: 'open' } as const) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('close' as const), discard: fc.boolean() }),
    },
  ),
  { maxLength: 80 },
)

const bounds = fc.record({
  bytes: fc.constantFrom(50, 1_000, 70_000, 200_000),
  messages: fc.integer({ min: 1, max: 8 }),
})

const policies = {
  close: 'close',
  dropOldest: 'dropOldest',
  dropNewest: 'dropNewest',
  error: 'error',
  'latest(key)': latest((message: string) => message[0]),
} as const

/** `key:number` of the size; the policy's key is the first character. */
const messageOf = (number: number, { bytes, key }: { bytes: number; key: number }) =>
  `${key}:${number}:`.padEnd(bytes, '.')
const numberOf = (message: string) => Number(message.split(':')[1])

function play(
  policy: OutboxBounds['overflow'],
  limits: { bytes: number; messages: number },
  all: Step[],
) {
  const scheduler = new VirtualTimeScheduler()
  const socket = new HandSocket()
  const conflating = typeof policy === 'object'
  type State = 'connecting' | 'open' | 'closing' | 'closed'
  let state = 'connecting' as State
  let emitted = 0
  let told = 0
  const leave = (discard: boolean) => {
    if (state === 'closing' || state === 'closed') return
    if (state === 'connecting') {
      state = 'closed'
      outbox.end()
      return
    }
    state = 'closing'
    if (discard) outbox.discard()
    outbox.whenEmpty(() => socket.close())
  }
  const outbox = new Outbox(socket, { ...limits, overflow: policy, stall: undefined }, scheduler, {
    state: () => state,
    overflowed: () => leave(true),
    errored: () => leave(true),
    stalled: () => leave(true),
    backedUp: () => undefined,
    // also in the middle of things the counts add up
    dropped: () => {
      told++
      expect(outbox.sent + outbox.messages + outbox.dropped).toBe(emitted)
    },
  })
  const check = () => {
    expect(outbox.sent + outbox.messages + outbox.dropped).toBe(emitted)
    expect(outbox.sent).toBe(socket.sent.length)
    expect(outbox.bytes).toBeGreaterThanOrEqual(0)
    expect(outbox.messages).toBeGreaterThanOrEqual(0)
    if (outbox.messages === 0) expect(outbox.bytes).toBe(0)
    else expect(outbox.bytes).toBeGreaterThan(0)
    expect(outbox.messages).toBeLessThanOrEqual(limits.messages * 16 + 1)
    // what waits has something to wait for
    if (state === 'open' && outbox.messages > 0) {
      expect(outbox.backedUp).toBe(true)
      expect(socket.bufferedAmount).toBeGreaterThan(lowWater)
    }
  }
  const turn = () => {
    scheduler.flush()
    if (state === 'connecting' || state === 'open') {
      expect(outbox.messages).toBeLessThanOrEqual(limits.messages)
      expect(outbox.bytes).toBeLessThanOrEqual(limits.bytes)
    }
  }
  for (const step of all) {
    if (step.do === 'emit') {
      if (state === 'connecting' || state === 'open') {
        const message = messageOf(emitted++, step)
        outbox.push(
          message,
          state === 'connecting',
          conflating ? policy.key(message as never) : undefined,
        )
      }
    } else if (step.do === 'drain') {
      if (state !== 'connecting') socket.drain(step.count)
    } else if (step.do === 'open') {
      if (state === 'connecting') {
        state = 'open'
        outbox.flush()
      }
    } else if (step.do === 'close') {
      leave(step.discard)
    } else {
      turn()
    }
    check()
  }
  turn()
  // a healthy peer from here on: all that waits goes, and the Close frame behind it
  for (let each = 0; outbox.messages > 0 && state !== 'connecting'; each++) {
    expect(each).toBeLessThan(1_000)
    socket.drain(1)
    check()
  }
  if (state === 'closing') expect(socket.closed).toBe(1)
  const { length } = socket.sent
  state = 'closed'
  outbox.end()
  check()
  expect([outbox.messages, outbox.bytes]).toEqual([0, 0])
  socket.drain(100)
  scheduler.flush()
  expect(socket.sent).toHaveLength(length)
  expect(socket.listenerCount('drain')).toBe(0)
  expect(scheduler.actions).toEqual([])
  return { sent: socket.sent, dropped: outbox.dropped, told }
}

for (const [name, policy] of Object.entries(policies)) {
  test(`under ${name} bounds and order hold, and every message is sent, queued or dropped`, () => {
    fc.assert(
      fc.property(bounds, steps, (limits, all) => {
        const { sent, dropped, told } = play(policy, limits, all)
        const numbers = sent.map(numberOf)
        if (typeof policy === 'string') {
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
        } else {
          for (const key of '0123') {
            const ofKey = sent.filter(each => each.startsWith(key)).map(numberOf)
            expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b))
          }
        }
        expect(new Set(numbers).size).toBe(numbers.length)
        expect(told > 0).toBe(dropped > 0)
      }),
      { seed: 4, numRuns: 150 },
    )
  })
}

test('under latest(key) what goes out after a turn is the newest of each key, in the order of the keys', () => {
  fc.assert(
    fc.property(fc.array(emit, { minLength: 1, maxLength: 40 }), all => {
      const open: Step[] = [{ do: 'open' }, { do: 'emit', bytes: highWater, key: 9 }]
      const { sent } = play(policies['latest(key)'], { bytes: 2 ** 22, messages: 100 }, [
        ...open,
        ...all,
        { do: 'turn' },
      ])
      const newest = new Map<number, string>()
      all.forEach((each, at) => newest.set(each.key, messageOf(at + 1, each)))
      expect(sent.slice(1)).toEqual([...newest.values()])
    }),
    { seed: 4, numRuns: 40 },
  )
})

test.each([
  ['dropOldest', (all: string[]) => all.slice(-3)],
  ['dropNewest', (all: string[]) => all.slice(0, 3)],
] as const)('under %s the right ones are left', (policy, left) => {
  fc.assert(
    fc.property(fc.array(emit, { minLength: 3, maxLength: 40 }), all => {
      const { sent } = play(policy, { bytes: 2 ** 24, messages: 3 }, [
        { do: 'open' },
        { do: 'emit', bytes: highWater, key: 9 },
        ...all.flatMap((each): Step[] => [each, { do: 'turn' }]),
      ])
      const emitted = all.map((each, at) => messageOf(at + 1, each))
      expect(sent.slice(1)).toEqual(left(emitted))
    }),
    { seed: 4, numRuns: 40 },
  )
})
