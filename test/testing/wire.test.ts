import { concat, interval, map, NEVER, of, Subject, take } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { like, virtualTime } from 'rivulet/testing'

// a talker that stays open
const says = (...messages: string[]) => concat(of(...messages), NEVER)
const states = { c: 'connecting', o: 'open', i: 'closing', d: 'closed' } as const

describe('a perfect wire', () => {
  test('opens both ends and brings everything at once', () => {
    virtualTime(({ link, expectStream }) => {
      const { server, client } = link({ server: () => says('a'), client: () => says('b', 'c') })
      expectStream(server.states).toBe('(co)', states)
      expectStream(client.states).toBe('(co)', states)
      expectStream(server.messages).toBe('(bc)')
    })
  })
})

describe('latency', () => {
  test('opens the server after one way, the client after both', () => {
    virtualTime(({ link, expectStream }) => {
      const { server, client } = link({}, { latency: 200 })
      expectStream(server.states).toBe('c 199ms o', states)
      expectStream(client.states).toBe('c 399ms o', states)
    })
  })

  test('delays what the server says on opening until the client is open, and no longer', () => {
    virtualTime(({ link, expectStream }) => {
      const { client } = link({ server: () => says('a') }, { latency: 200 })
      expectStream(client.messages).toBe('400ms a')
    })
  })

  test('delays each frame alike, in both directions', () => {
    virtualTime(({ accept, expectStream }) => {
      const { peer } = accept(({ messages }) => messages, { wire: { latency: 100 } })
      peer.sends('1s a 9ms b')
      expectStream(peer.received).toBe('1200ms a 9ms b')
    })
  })

  test('makes closing take a round trip on the side that closes, and one way on the other', () => {
    virtualTime(({ link, at, expectStream, expectClose }) => {
      const { server, client } = link({}, { latency: 100 })
      at('1s', () => client.close(4000))
      expectStream(client.states).toBe('c 199ms o 799ms i 199ms (d|)', states)
      expectClose(client, '1200ms', { code: 4000, by: 'local', wasClean: true })
      // TCP is over when the client has ended its half, too
      expectClose(server, '1300ms', { code: 4000, by: 'peer', wasClean: true })
    })
  })

  test('lets two Close frames cross', () => {
    virtualTime(({ link, at, expectClose }) => {
      const { server, client } = link({}, { latency: 100 })
      at('1s', () => client.close(4000))
      at('1s', () => server.close(4001))
      expectClose(client, '1200ms', { code: 4001, by: 'local', sent: 4000, received: 4001 })
      expectClose(server, '1200ms', { code: 4000, by: 'local', sent: 4001, received: 4000 })
    })
  })
})

describe('jitter', () => {
  test.each([1, 2, 3, 4, 5])('keeps the order (seed %d)', seed => {
    const arrived: { message: unknown; time: number }[] = []
    virtualTime(
      ({ accept, at }) => {
        const { peer } = accept(
          () =>
            concat(
              interval(10).pipe(
                take(200),
                map(each => `${each}`),
              ),
              NEVER,
            ),
          {
            wire: { latency: 50, jitter: 300 },
          },
        )
        at('10s', () => {
          for (const { frame, notification } of peer.received.messages) {
            if (notification.kind === 'N') {
              arrived.push({ message: notification.value, time: frame })
            }
          }
        })
      },
      { seed },
    )
    expect(arrived.map(({ message }) => message)).toEqual(
      Array.from({ length: 200 }, (_, count) => `${count}`),
    )
    const delays = arrived.map(({ time }, count) => time - (count + 1) * 10)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50)
    expect(Math.max(...delays)).toBeLessThanOrEqual(350)
    expect(new Set(delays).size).toBeGreaterThan(20)
  })
})

describe('bandwidth', () => {
  test('is bytes a second, frames and all', () => {
    virtualTime(({ accept, expectStream }) => {
      const message = 'x'.repeat(98) // two bytes of frame
      const { peer } = accept(() => says(message, message, message), { wire: { bandwidth: 1_000 } })
      expectStream(peer.received).toBe('100ms x 99ms x 99ms x', { x: message })
    })
  })

  test('keeps its rate when a frame does not take whole milliseconds', () => {
    virtualTime(({ accept, at }) => {
      const { peer } = accept(() => says(...Array.from({ length: 100 }, () => 'x')), {
        wire: { bandwidth: 2_000 }, // three bytes each: 1.5 ms
      })
      at('148ms', () => expect(peer.received.values).toHaveLength(98))
      at('151ms', () => expect(peer.received.values).toHaveLength(100))
    })
  })

  test('is spent anew after a pause: nothing is saved up', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const message = 'x'.repeat(98)
      const { connection, peer } = accept(undefined, { wire: { bandwidth: 1_000 } })
      at('1s', () => connection.send(message))
      at('5s', () => connection.send(message))
      at('5s', () => connection.send(message))
      expectStream(peer.received).toBe('1100ms x 3999ms x 99ms x', { x: message })
    })
  })

  test('adds to latency', () => {
    virtualTime(({ accept, expectStream }) => {
      const message = 'x'.repeat(98)
      const { peer } = accept(() => says(message), { wire: { bandwidth: 1_000, latency: 50 } })
      expectStream(peer.received).toBe('150ms x', { x: message })
    })
  })
})

describe('a stall', () => {
  test('in one direction leaves the other as it was', () => {
    virtualTime(({ link, at, expectStream }) => {
      const counting = () =>
        interval(1_000).pipe(
          take(3),
          map(each => `${each}`),
          each => concat(each, NEVER),
        )
      const server = { heartbeat: false } as const
      const wire = link({ server: counting, client: counting }, { server })
      at('1500ms', () => wire.stall('toServer'))
      expectStream(wire.server.messages).toBe('1s 0')
      expectStream(wire.client.messages).toBe('1s 0 999ms 1 999ms 2')
    })
  })

  test('in both directions is half-open: both ends live on and hear nothing', () => {
    const { alive } = virtualTime(
      ({ link, at, expectStream }) => {
        const wire = link({ server: () => interval(1_000).pipe(map(each => `${each}`)) })
        at('1500ms', () => wire.stall())
        expectStream(wire.client.messages).toBe('1s 0')
        expectStream(wire.server.states).toBe('(co)', states)
        expectStream(wire.client.states).toBe('(co)', states)
      },
      { until: '50s' }, // the heartbeat has not given up yet
    )
    expect(alive).toHaveLength(2)
  })

  test('that is over brings everything, in order, at once', () => {
    virtualTime(({ link, at, expectStream }) => {
      const wire = link({
        server: () =>
          concat(
            interval(1_000).pipe(
              take(4),
              map(each => `${each}`),
            ),
            NEVER,
          ),
      })
      at('1500ms', () => wire.stall())
      at('3500ms', () => wire.resume())
      expectStream(wire.client.messages).toBe('1s 0 2499ms (12) 496ms 3')
    })
  })

  test('holds what is under way already', () => {
    virtualTime(({ link, at, expectStream }) => {
      const wire = link({}, { latency: 200 })
      at('1s', () => wire.server.send('a'))
      at('1100ms', () => wire.stall('toClient'))
      at('3s', () => wire.resume())
      expectStream(wire.client.messages).toBe('3s a')
    })
  })

  test('leaves a side that closes to its own timeout', () => {
    virtualTime(({ link, at, expectClose, expectStream }) => {
      const wire = link(
        {},
        { client: { timeouts: { close: 2_000 } }, server: { heartbeat: false } },
      )
      at('1s', () => wire.stall())
      at('2s', () => wire.client.close())
      expectClose(wire.client, '4s', {
        code: 1006,
        by: 'local',
        sent: 1000,
        cause: like({ timeout: 'close' }),
      })
      expectStream(wire.server.states).toBe('(co)', states)
    })
  })
})

describe('a cut', () => {
  test('ends both ends at once, with what broke as the cause', () => {
    virtualTime(({ link, at, expectClose }) => {
      const wire = link({}, { latency: 200 })
      at('1s', () => wire.cut())
      for (const end of [wire.server, wire.client]) {
        expectClose(end, '1s', {
          code: 1006,
          by: 'network',
          wasClean: false,
          cause: like({ code: 'ERR_CONNECTION_LOST' }),
        })
      }
    })
  })

  test('loses what is under way', () => {
    virtualTime(({ link, at, expectStream }) => {
      const wire = link({}, { latency: 200 })
      at('1s', () => wire.server.send('lost'))
      at('1100ms', () => wire.cut())
      expectStream(wire.client.messages).toBe('1100ms |')
    })
  })

  test('while the other end is connecting leaves it never open', () => {
    virtualTime(({ link, at, expectStream }) => {
      const wire = link({}, { latency: 200 })
      at('300ms', () => wire.cut())
      expectStream(wire.server.states).toBe('c 199ms o 99ms (d|)', states)
      expectStream(wire.client.states).toBe('c 299ms (d|)', states)
    })
  })
})

describe('a sender', () => {
  test('feels a slow wire: what the socket does not take waits in the outbox', () => {
    virtualTime(({ accept, at }) => {
      const chunk = 'x'.repeat(40_000)
      const { connection } = accept(() => says(chunk, chunk, chunk), {
        wire: { bandwidth: 40_000 },
      })
      // two go to the socket, as the first leaves it under its high-water mark
      at('500ms', () => expect(connection.flow).toMatchObject({ sent: 2, queued: 1 }))
      at('10s', () => expect(connection.flow).toMatchObject({ sent: 3, queued: 0, queuedBytes: 0 }))
    })
  })

  test('gets a text and bytes across as what they were', () => {
    virtualTime(({ link, expectStream }) => {
      const bytes = new Uint8Array([0, 255])
      const seen = new Subject<unknown>()
      link({
        server: ({ messages }) => void messages.subscribe(seen),
        client: () => concat(of('é', bytes), NEVER),
      })
      expectStream(seen).toBe('(tb)', { t: 'é', b: bytes })
    })
  })
})
