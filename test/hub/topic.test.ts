import { filter, map, merge, NEVER, Subject, tap } from 'rxjs'
import { describe, expect, test, vi } from 'vitest'
import { type Codec, createHub, json, latest, OverflowError, prepare, text } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'
import { counting } from './counting.js'

interface Said {
  readonly by: string
  readonly text?: string
}

describe('a topic', () => {
  test('is a writer: the connections that subscribe get what is published while they are open', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const room = createHub().topic<string>('lobby')
      const one = accept<string>(() => room, { codec: text })
      const other = accept<string>(() => room, { codec: text })
      at('1s', () => room.publish('a'))
      at('2s', () => one.peer.close(1000))
      at('3s', () => room.publish('b'))
      expectStream(one.peer.received).toBe('1s a', { a: 'a' })
      expectStream(other.peer.received).toBe('1s a 1999ms b', { a: 'a', b: 'b' })
    })
  })

  test('is a chat with two lines, as publish works when it is taken apart', () => {
    virtualTime(({ accept, expectStream }) => {
      const lobby = createHub().topic<string>('lobby')
      const join = () =>
        accept<string>(
          ({ read }) => {
            read(lobby.publish)
            return lobby
          },
          { codec: text },
        )
      const [one, other] = [join(), join()]
      one.peer.sends('-a', { a: 'hi' })
      expectStream(one.peer.received).toBe('-a', { a: 'hi' })
      expectStream(other.peer.received).toBe('-a', { a: 'hi' })
    })
  })

  test('is one topic for all who ask by its name, and no other', () => {
    const hub = createHub()
    const got: string[] = []
    const before = hub.topic<string>('a')
    const first = hub.topic<string>('a').subscribe(value => got.push(`first ${value}`))
    const second = before.subscribe(value => got.push(`second ${value}`))
    expect(hub.topic<string>('a')).toBe(hub.topic<string>('a'))
    hub.topic<string>('a').publish('1')
    before.publish('2')
    hub.topic<string>('A').publish('other')
    expect(got).toEqual(['first 1', 'second 1', 'first 2', 'second 2'])
    expect(hub.topics).toEqual(['a'])
    first.unsubscribe()
    second.unsubscribe()
  })

  test('leaves nothing behind when nobody uses it any more', () => {
    const hub = createHub()
    for (let n = 0; n < 3; n++) hub.topic(`asked for ${n}`)
    expect(hub.topics).toEqual([])
    const topic = hub.topic<number>('a')
    const member = topic.subscribe()
    const watch = topic.members.changes.subscribe()
    member.unsubscribe()
    expect(hub.topics).toEqual(['a'])
    watch.unsubscribe()
    expect(hub.topics).toEqual([])
  })

  test.each([[''], ['x'.repeat(256)], ['half \ud800'], [5 as unknown as string]])(
    'has no name %j',
    name => {
      expect(() => createHub().topic(name)).toThrow(/topic: name: .* is not a well-formed text/)
    },
  )

  test('of more names than limits.topics errs for who joins, and for nobody else', () => {
    const hub = createHub({ limits: { topics: 1 } })
    const member = hub.topic<number>('a').subscribe()
    const error = vi.fn()
    hub.topic<number>('b').subscribe({ error })
    expect(error).toHaveBeenCalledWith(
      new OverflowError('The hub has 1 topics in use; limits.topics allows no more'),
    )
    hub.topic<number>('a').subscribe({ error }).unsubscribe()
    member.unsubscribe()
    hub.topic<number>('b').subscribe({ error })
    expect(error).toHaveBeenCalledTimes(1)
  })

  test('with another codec than the one in use is refused, wherever it comes from', () => {
    const hub = createHub()
    const early = hub.topic<string>('a', { codec: json<string>() })
    hub.topic<string>('a', { codec: text }).subscribe()
    const refusal = /topic: codec: "a" is in use with another codec/
    expect(() => hub.topic<string>('a', { codec: json<string>() })).toThrow(refusal)
    expect(() => early.publish('x')).toThrow(refusal)
    const error = vi.fn()
    early.subscribe({ error })
    expect(String(error.mock.calls)).toMatch(refusal)
    expect(hub.topic<string>('a', { codec: text })).toBe(hub.topic<string>('a'))
  })
})

describe('a message', () => {
  test('is encoded once for a thousand connections, through operators that pass it on', () => {
    virtualTime(({ accept, at }) => {
      const codec = counting<Said>()
      const room = createHub().topic<Said>('lobby')
      const peers = Array.from({ length: 1_000 }, (_, n) => {
        const writer =
          n % 2 === 0
            ? room
            : merge(room, NEVER).pipe(
                filter(({ by }) => by !== ''),
                tap(() => undefined),
              )
        return accept<Said>(() => writer, { codec, heartbeat: false }).peer
      })
      at('1s', () => room.publish({ by: 'a' }))
      at('2s', () => room.publish({ by: 'b' }))
      at('3s', () => {
        expect(codec.encoded).toBe(2)
        for (const { received } of peers)
          expect(received.values).toEqual(['{"by":"a"}', '{"by":"b"}'])
      })
    })
  })

  test('is encoded for each connection that makes another one of it', () => {
    virtualTime(({ accept, at }) => {
      const codec = counting<Said>()
      const room = createHub().topic<Said>('lobby')
      for (let n = 0; n < 3; n++) {
        accept<Said>(() => room.pipe(map(said => ({ ...said, text: String(n) }))), { codec })
      }
      at('1s', () => room.publish({ by: 'a' }))
      at('2s', () => expect(codec.encoded).toBe(3))
    })
  })

  test('is encoded once for each codec', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const [one, other] = [counting<Said>(), counting<Said>()]
      const bytes: Codec<Said> = {
        ...other,
        encode: v => new TextEncoder().encode(other.encode(v)),
      }
      const room = createHub().topic<Said>('lobby', { codec: one })
      const peers = [one, bytes, one, bytes].map(codec => accept<Said>(() => room, { codec }).peer)
      at('1s', () => room.publish({ by: 'a' }))
      at('2s', () => expect([one.encoded, other.encoded]).toEqual([1, 1]))
      expectStream(peers[0]!.received).toBe('1s a', { a: '{"by":"a"}' })
      expectStream(peers[1]!.received).toBe('1s a', { a: new TextEncoder().encode('{"by":"a"}') })
    })
  })

  test('keeps its key where only the latest of each key waits', () => {
    virtualTime(({ accept, at }) => {
      const room = createHub().topic<string>('prices')
      const { connection, peer } = accept<string>(() => room, {
        codec: text,
        outbox: { overflow: latest(price => price.slice(0, 1)) },
      })
      at('1s', () => peer.stall())
      at('1s', () => room.publish('x'.repeat(70_000)))
      at('2s', () => ['a1', 'b1', 'a2'].forEach(room.publish))
      at('3s', () => expect(connection.flow.snapshot()).toMatchObject({ queued: 2, dropped: 1 }))
    })
  })

  test('that is published in answer is told behind what it answers, to all in one order', () => {
    const room = createHub().topic<string>('lobby')
    const seen: string[][] = [[], []]
    room.subscribe(value => seen[0]!.push(value))
    room.subscribe(value => {
      if (value === 'ping') ['pong', 'pang'].forEach(room.publish)
      if (value === 'pong') room.publish('thanks')
    })
    room.subscribe(value => seen[1]!.push(value))
    room.publish('ping')
    room.publish('later')
    expect(seen[0]).toEqual(['ping', 'pong', 'pang', 'thanks', 'later'])
    expect(seen[1]).toEqual(seen[0])
  })

  test('that is published to another topic in between leaves the first one encoded once', () => {
    virtualTime(({ accept, at }) => {
      const hub = createHub()
      const codec = counting<Said>()
      const [room, log] = [hub.topic<Said>('lobby'), hub.topic<Said>('log')]
      accept<Said>(() => room, { codec })
      room.subscribe(({ by }) => log.publish({ by, text: 'logged' }))
      const behind = accept<Said>(() => room, { codec })
      accept<Said>(() => log, { codec })
      at('1s', () => room.publish({ by: 'a' }))
      at('2s', () => expect(codec.encoded).toBe(2))
      at('2s', () => expect(behind.peer.received.values).toEqual(['{"by":"a"}']))
    })
  })

  test('in answer too many is an OverflowError of whoever answers', () => {
    const room = createHub({ limits: { answers: 2 } }).topic<string>('lobby')
    const refused: unknown[] = []
    const seen: string[] = []
    room.subscribe(value => {
      seen.push(value)
      try {
        room.publish('!')
      } catch (error) {
        refused.push(error)
      }
    })
    room.publish('?')
    expect(seen).toEqual(['?', '!', '!'])
    expect(refused.map(String)).toEqual([
      'OverflowError: The topic "lobby" has 2 answers to one message: members that answer each other do not end',
    ])
    room.publish('?')
    expect(seen).toHaveLength(6)
  })

  test('reaches the others also when one member throws, and when one comes or goes meanwhile', () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const room = createHub().topic<string>('lobby')
      const late = new Subject<string>()
      const throws = accept<string>(
        () =>
          room.pipe(
            map(() => {
              room.subscribe(late)
              throw new Error('a mistake')
            }),
          ),
        { codec: text },
      )
      const other = accept<string>(() => room, { codec: text })
      at('1s', () => room.publish('a'))
      at('2s', () => room.publish('b'))
      expectStream(other.peer.received).toBe('1s a 999ms b')
      expectStream(late).toBe('2s b')
      expectClose(throws.connection, '1s', { code: 1011 })
    })
  })
})

describe('a value that can not be expressed', () => {
  const impossible = undefined as unknown as Said

  test('by the codec of the topic is told to nobody, and thrown at who publishes it', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const codec = counting<Said>()
      const hub = createHub()
      const room = hub.topic<Said>('lobby', { codec })
      const plain = room.pipe(map(said => said.by))
      const { peer, connection } = accept<Said>(() => room, { codec })
      at('1s', () => expect(() => room.publish(impossible)).toThrow('not to be had as JSON'))
      at('2s', () => room.publish({ by: 'a' }))
      at('3s', () => expect(connection.state).toBe('open'))
      at('3s', () => expect(hub.flow).toMatchObject({ published: 1, delivered: 2 }))
      expectStream(plain).toBe('2s a')
      expectStream(peer.received).toBe('2s a', { a: '{"by":"a"}' })
    })
  })

  test("by a member's codec is thrown at who publishes it, refused by that member, and closes nobody", () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const room = createHub().topic<string | number>('lobby')
      const strict = accept<string | number>(() => room, { codec: text })
      const other = accept<string | number>(() => room, { codec: json<string | number>() })
      const careful = accept(({ read }) => void read(() => room.publish(5)))
      careful.peer.sends('1s x')
      expectStream(other.peer.received).toBe('1s n', { n: '5' })
      expectStream(strict.peer.received).toBe('')
      expectClose(careful.connection, '1s', {
        code: 1011,
        cause: like({ where: 'read', cause: like({ code: 'ERR_CODEC' }) }),
      })
      at('2s', () => expect(strict.connection.state).toBe('open'))
      at('2s', () => expect(strict.connection.flow.refused).toBe(1))
    })
  })

  test('in answer is counted and told by rejections, as its publisher has gone on', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const hub = createHub()
      const room = hub.topic<string | number>('lobby')
      accept<string | number>(() => room, { codec: text })
      room.pipe(filter(value => value === 'a')).subscribe(() => room.publish(5))
      at('1s', () => room.publish('a'))
      at('2s', () => expect(hub.flow.rejected).toBe(1))
      expectStream(hub.rejections.pipe(map(({ code }) => code))).toBe('1s e', { e: 'ERR_CODEC' })
    })
  })

  test('as it is prepared already is a mistake where the topic has a codec', () => {
    const room = createHub().topic<unknown>('lobby', { codec: json() })
    expect(() => room.publish(prepare('a'))).toThrow(/a topic prepares its messages itself/)
  })
})

describe('members', () => {
  test('are counted, and those that joined as somebody are known', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const room = createHub().topic<string, string>('lobby')
      const ada = accept(() => room.as('Ada'))
      at('1s', () => {
        accept(() => room)
        accept(() => room.as('Bob'))
      })
      at('2s', () => expect(room.members).toMatchObject({ count: 3, who: ['Ada', 'Bob'] }))
      at('3s', () => ada.peer.close())
      at('4s', () => expect(room.members).toMatchObject({ count: 2, who: ['Bob'] }))
      const shown = room.members.changes.pipe(map(({ count, who }) => `${count} ${who.join()}`))
      expectStream(shown).toBe('(na) 996ms (bc) 1996ms d', {
        n: '0 ',
        a: '1 Ada',
        b: '2 Ada',
        c: '3 Ada,Bob',
        d: '2 Bob',
      })
    })
  })

  test('that joined as somebody get what all get', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const room = createHub().topic<string>('lobby')
      const { peer } = accept<string>(() => room.as({ name: 'Ada' }), { codec: text })
      at('1s', () => room.publish('a'))
      expectStream(peer.received).toBe('1s a')
    })
  })
})

describe('a slow member', () => {
  test('falls under the policy of its own connection, and delays nobody', () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const room = createHub().topic<string>('lobby')
      const join = (overflow: 'close' | 'dropOldest') =>
        accept<string>(() => room, { codec: text, outbox: { messages: 2, overflow } })
      const [slow, patient, well] = [join('close'), join('dropOldest'), join('close')]
      for (const { peer } of [slow, patient]) peer.stall()
      const plug = 'x'.repeat(70_000)
      at('1s', () => room.publish(plug))
      at('2s', () => ['a', 'b', 'c'].forEach(room.publish))
      at('3s', () => room.publish('d'))
      at('4s', () => patient.peer.resume())
      at('4s', () => slow.peer.resume())
      expectStream(well.peer.received).toBe('1s p 999ms (abc) 995ms d', {
        p: plug,
        a: 'a',
        b: 'b',
        c: 'c',
        d: 'd',
      })
      at('5s', () => expect(patient.peer.received.values).toEqual([plug, 'c', 'd']))
      at('5s', () => expect(patient.connection.flow.dropped).toBe(2))
      expectClose(slow.connection, '4s', { code: 1013, cause: like({ code: 'ERR_OVERFLOW' }) })
      at('5s', () => expect(room.members.count).toBe(2))
    })
  })
})

describe('the flow of a hub', () => {
  test('counts what was published, and each telling of it', () => {
    const hub = createHub()
    const room = hub.topic<string>('a')
    room.publish('to nobody')
    room.subscribe()
    room.subscribe()
    room.publish('to two')
    expect(hub.flow).toEqual({
      published: 2,
      delivered: 2,
      received: 0,
      lost: 0,
      unconfirmed: 0,
      rejected: 0,
    })
  })

  test('of a hub without a broker is that of one that is always connected', () => {
    virtualTime(({ expectStream }) => {
      const hub = createHub()
      expectStream(hub.status.pipe(map(({ name }) => name))).toBe('c', { c: 'connected' })
      expectStream(hub.topic('a').reach).toBe('s', { s: 'shared' })
    })
  })
})

test.each([
  [
    { limits: { topics: 0 } },
    'createHub: limits.topics: 0 is not a whole number from 1 to 2147483647',
  ],
  [
    { limits: { topic: 1 } },
    'createHub: limits.topic is not an option; there are: topics, answers',
  ],
  [{ random: 5 }, 'createHub: random: 5 is not a function'],
  [
    { broker: {} },
    'createHub: broker: an object is not an object with publish(), subscribe(), close()',
  ],
  [{ brokers: [] }, 'createHub.brokers is not an option; there are: broker, limits, random'],
])('a hub has no options %j', (options, message) => {
  expect(() => createHub(options as object)).toThrow(new TypeError(message))
})

test('a topic that is asked for with something else than a codec is refused', () => {
  expect(() => createHub().topic('a', { codec: {} as Codec<unknown> })).toThrow(
    'topic: codec: an object is not an object with decode(), encode()',
  )
})
