import { config, map, NEVER, Observable, Subject, throwError } from 'rxjs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  binary,
  type Broker,
  BrokerError,
  type BrokerStatus,
  createHub,
  json,
  memoryBroker,
  type Message,
  text,
} from 'rivulet'
import { virtualTime } from 'rivulet/testing'
import { seal, stampOf } from '../../src/hub/envelope.js'
import { counting } from './counting.js'

/** Hubs of so many processes, so to say, and their broker. */
function processes(count: number) {
  const broker = memoryBroker()
  const hubs = Array.from({ length: count }, () => {
    const hub = createHub({ broker: broker.connect() })
    // somebody looks, or each loss is reported
    hub.status.subscribe()
    return hub
  })
  return { broker, hubs }
}

/** What a broker is asked for, of one that does nothing. */
function listening() {
  const bytes: Uint8Array[] = []
  const subscribed: string[] = []
  const open = new Set<string>()
  let take: (bytes: Uint8Array) => void = () => undefined
  const broker: Broker = {
    status: new Observable(subscriber => subscriber.next({ name: 'connected' })),
    publish: (_, message) => bytes.push(message) > 0,
    subscribe: (topic, confirmed) =>
      new Observable(subscriber => {
        subscribed.push(topic)
        open.add(topic)
        take = message => subscriber.next(message)
        confirmed?.()
        return () => open.delete(topic)
      }),
    close: vi.fn(),
  }
  return { broker, bytes, subscribed, open, take: (message: Uint8Array) => take(message) }
}

/** Reports of errors that nobody takes, while the test runs. */
function reports() {
  const errors: unknown[] = []
  config.onUnhandledError = error => errors.push(error)
  onTestFinished(() => {
    config.onUnhandledError = null
  })
  return errors
}

describe('a topic of several processes', () => {
  test('is told in all of them, once, in the order of its publisher', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { hubs } = processes(3)
      const rooms = hubs.map(hub => hub.topic<string>('lobby', { codec: text }))
      const peers = rooms.map(room => accept<string>(() => room, { codec: text }).peer)
      at('1s', () => rooms[0]!.publish('a'))
      at('2s', () => ['b', 'c'].forEach(rooms[1]!.publish))
      for (const { received } of peers) expectStream(received).toBe('1s a 999ms (bc)')
      at('3s', () => {
        expect(hubs[0]!.flow).toMatchObject({ published: 1, received: 2, delivered: 3, lost: 0 })
      })
    })
  })

  test('carries text as text and binary as binary, whatever is in it', () => {
    const { hubs } = processes(2)
    const got: Message[] = []
    const strings = hubs.map(hub => hub.topic<string>('t', { codec: text }))
    const bytes = hubs.map(hub => hub.topic<Uint8Array>('b', { codec: binary }))
    strings[1]!.subscribe(value => got.push(value))
    bytes[1]!.subscribe(value => got.push(value))
    const sent = ['', 'é 🙂', '\ufeffmark', '\u0000'].map(
      value => (strings[0]!.publish(value), value),
    )
    const raw = [new Uint8Array(), Uint8Array.of(0, 255, 1)]
    raw.forEach(bytes[0]!.publish)
    expect(got).toEqual([...sent, ...raw])
  })

  test('is JSON between them where no codec is given', () => {
    const { hubs } = processes(2)
    const got: unknown[] = []
    hubs[1]!.topic('a').subscribe(value => got.push(value))
    hubs[0]!.topic('a').publish({ at: [1] })
    expect(got).toEqual([{ at: [1] }])
    expect(() => hubs[0]!.topic('a').publish(undefined)).toThrow('A undefined has no JSON')
    expect(hubs[0]!.flow.published).toBe(1)
  })

  test('is encoded once by who publishes, decoded once and not encoded again by who gets it', () => {
    virtualTime(({ accept, at }) => {
      const { hubs } = processes(2)
      const codecs = [counting<string>(), counting<string>()]
      const rooms = hubs.map((hub, at) => hub.topic<string>('a', { codec: codecs[at]! }))
      const peers = rooms.flatMap((room, at) =>
        Array.from({ length: 10 }, () => accept<string>(() => room, { codec: codecs[at]! }).peer),
      )
      at('1s', () => rooms[0]!.publish('x'))
      at('2s', () => {
        for (const { received } of peers) expect(received.values).toEqual(['"x"'])
        expect(codecs.map(({ encoded, decoded }) => [encoded, decoded])).toEqual([
          [1, 0],
          [0, 1],
        ])
      })
    })
  })

  test('has one subscription in each, from its first member to its last', () => {
    const { broker, subscribed, open } = listening()
    const room = createHub({ broker }).topic('a')
    room.publish('without members')
    expect(subscribed).toEqual([])
    const members = [room.subscribe(), room.as('Ada').subscribe(), room.subscribe()]
    expect(subscribed).toEqual(['a'])
    members[0]!.unsubscribe()
    members[2]!.unsubscribe()
    expect(open.size).toBe(1)
    members[1]!.unsubscribe()
    expect(open.size).toBe(0)
    room.subscribe().unsubscribe()
    expect(subscribed).toEqual(['a', 'a'])
    expect(open.size).toBe(0)
  })

  test('answers across processes in one order for all of one process', () => {
    const { hubs } = processes(2)
    const [here, there] = hubs.map(hub => hub.topic<string>('a', { codec: text }))
    const seen: string[][] = [[], []]
    here!.subscribe(value => seen[0]!.push(value))
    there!.subscribe(value => {
      if (value === 'ping') there!.publish('pong')
    })
    here!.subscribe(value => seen[1]!.push(value))
    ;['ping', 'ping'].forEach(here!.publish)
    expect(seen[0]).toEqual(['ping', 'pong', 'ping', 'pong'])
    expect(seen[1]).toEqual(seen[0])
  })
})

describe('what no hub has sent', () => {
  test.each([
    ['too short', Uint8Array.of(1, 2)],
    ['of a kind that there is not', new Uint8Array(30).fill(9)],
    ['not UTF-8', Uint8Array.of(1, ...new Uint8Array(24), 255)],
    ['not of the codec', Uint8Array.of(1, ...new Uint8Array(24), 123)],
  ])('and is %s is dropped, counted and told', (_, bytes) => {
    const { broker, take } = listening()
    const hub = createHub({ broker })
    const rejections: unknown[] = []
    const got: unknown[] = []
    hub.rejections.subscribe(error => rejections.push(error))
    hub.topic('a').subscribe(value => got.push(value))
    take(bytes)
    expect(got).toEqual([])
    expect(hub.flow.rejected).toBe(1)
    expect(rejections).toEqual([expect.objectContaining({ code: 'ERR_CODEC' })])
    take(Uint8Array.of(1, ...new Uint8Array(24), ...new TextEncoder().encode('"from outside"')))
    take(Uint8Array.of(1, ...new Uint8Array(24), ...new TextEncoder().encode('"again"')))
    expect(got).toEqual(['from outside', 'again'])
  })
})

describe('a broker that is away', () => {
  test('leaves each process to itself, is seen by the members, and comes back by itself', () => {
    virtualTime(({ at, expectStream }) => {
      const { broker, hubs } = processes(2)
      const [here, there] = hubs.map(hub => hub.topic<string>('a', { codec: text }))
      at('1s', () => here!.publish('a'))
      at('2s', broker.lose)
      at('3s', () => here!.publish('b'))
      at('4s', broker.restore)
      at('5s', () => here!.publish('c'))
      expectStream(here!).toBe('1s a 1999ms b 1999ms c')
      expectStream(there!).toBe('1s a 3999ms c')
      const words = { j: 'joining', s: 'shared', l: 'lost', r: 'restored' } as const
      // watched before anybody has joined
      expectStream(hubs[0]!.topic('b').reach).toBe('j', words)
      expectStream(there!.reach).toBe('s 1999ms l 1999ms r 999ms (lr)', words)
      at('6s', () => expect(hubs[0]!.flow).toMatchObject({ published: 3, lost: 1 }))
      const statuses = hubs[0]!.status.pipe(map(({ name }) => name))
      expectStream(statuses).toBe('c 1999ms l 1999ms c', { c: 'connected', l: 'disconnected' })
    })
  })

  test('when somebody joins has lost them until it is back', () => {
    virtualTime(({ at, expectStream }) => {
      const { broker, hubs } = processes(1)
      const room = hubs[0]!.topic<string>('a')
      at('1s', broker.lose)
      at('2s', () => room.subscribe())
      at('3s', broker.restore)
      const words = { j: 'joining', l: 'lost', r: 'restored' } as const
      expectStream(room.reach).toBe('j 1999ms l 999ms r', words)
    })
  })

  test('and is seen by nobody is reported, if there is a cause', () => {
    const errors = reports()
    const cause = new BrokerError('The broker is away: refused')
    const status = new Subject<BrokerStatus>()
    const hub = createHub({ broker: { ...listening().broker, status } })
    status.next({ name: 'disconnected' })
    status.next({ name: 'disconnected', cause })
    hub.status.subscribe()
    status.next({ name: 'disconnected', cause })
    expect(errors).toEqual([cause])
  })

  test('for good, as the hub was closed, leaves its members and says so', () => {
    const { hubs } = processes(2)
    const [hub, other] = hubs
    const room = hub!.topic<string>('a')
    const [got, reach, status]: string[][] = [[], [], []]
    room.subscribe(value => got!.push(value))
    room.reach.subscribe(value => reach!.push(value))
    hub!.status.subscribe({
      next: ({ name }) => status!.push(name),
      complete: () => status!.push('|'),
    })
    hub!.close()
    hub!.close()
    room.publish('still here')
    other!.topic<string>('a').publish('not any more')
    expect(got).toEqual(['still here'])
    expect(reach).toEqual(['shared', 'lost'])
    expect(status).toEqual(['connected', 'closed', '|'])
    expect(hub!.flow.lost).toBe(1)
  })
})

describe('numbers of messages', () => {
  const message = (number: number, previous: number, origin = 7) =>
    seal(JSON.stringify(`${origin}:${number}`), { origin, number, previous })

  test('show what another process could not send', () => {
    const { broker, take } = listening()
    const room = createHub({ broker }).topic('a')
    const seen: unknown[] = []
    room.subscribe(value => seen.push(value))
    room.reach.subscribe(reach => seen.push(reach))
    take(message(4, 3))
    take(message(9, 4))
    take(message(1, 0, 8))
    take(message(12, 11))
    expect(seen).toEqual(['shared', '7:4', '7:9', '8:1', 'lost', 'restored', '7:12'])
  })

  test('keep out what comes behind a newer one of the same process', () => {
    const { broker, take } = listening()
    const hub = createHub({ broker })
    const seen: unknown[] = []
    hub.topic('a').subscribe(value => seen.push(value))
    for (const number of [5, 4, 5, 6]) take(message(number, 0))
    expect(seen).toEqual(['7:5', '7:6'])
    expect(hub.flow).toMatchObject({ received: 4, rejected: 2 })
  })

  test('are given to what is lost, too', () => {
    const { broker, bytes } = listening()
    const answers = [true, false, true]
    const away: Broker = {
      ...broker,
      publish: (topic, message) => broker.publish(topic, message) && answers.shift()!,
    }
    const room = createHub({ broker: away, random: () => 0.5 }).topic('a')
    ;[1, 2, 3].forEach(room.publish)
    expect(bytes.map(stampOf).map(({ number, previous }) => [number, previous])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ])
    expect(new Set(bytes.map(each => stampOf(each).origin)).size).toBe(1)
  })
})

describe('a broker that breaks its promises', () => {
  test('by throwing leaves the members with what they say, and is reported', () => {
    const errors = reports()
    const broker: Broker = {
      status: NEVER,
      publish() {
        throw new Error('publish')
      },
      subscribe() {
        throw new Error('subscribe')
      },
      close: vi.fn(),
    }
    const hub = createHub({ broker })
    const room = hub.topic<string>('a')
    const got: string[] = []
    room.subscribe(value => got.push(value))
    room.publish('x')
    expect(got).toEqual(['x'])
    expect(hub.flow.lost).toBe(1)
    expect(errors.map(String)).toEqual([
      'BrokerError: The broker has given up a topic',
      'Error: publish',
    ])
  })

  test('by an error of its status is reported', () => {
    const errors = reports()
    const broker = { ...listening().broker, status: throwError(() => new Error('status')) }
    createHub({ broker }).topic('a').publish('x')
    expect(errors.map(String)).toEqual(['Error: status'])
  })
})

test('codecs of one topic in one process may differ from those of its connections', () => {
  virtualTime(({ accept, at, expectStream }) => {
    const { hubs } = processes(2)
    const rooms = hubs.map(hub => hub.topic<string>('a', { codec: json<string>() }))
    const { peer } = accept<string>(() => rooms[1]!, { codec: text })
    at('1s', () => rooms[0]!.publish('x'))
    expectStream(peer.received).toBe('1s x')
  })
})
