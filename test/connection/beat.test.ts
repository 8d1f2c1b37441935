import { ignoreElements, interval, map, NEVER, Subject, switchMap } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect, type Dial, HeartbeatError, json, text } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'
import { z } from 'zod'

const url = 'ws://server/'
// the earliest first beat: half an interval after the opening
const random = () => 0
const message = '\u{1}here'
const heartbeat = { interval: 10_000, timeout: 30_000, message }

/** As a browser's: it has no pings, and no byte is seen but those of messages. */
function asInBrowsers(dial: Dial): Dial {
  return (request, answered) => {
    const socket = dial(request, answered)
    let bytes = 0
    socket.addListener('message', () => (bytes += 2))
    return Object.defineProperties(socket, {
      ping: { value: undefined },
      pause: { value: undefined },
      bytesRead: { get: () => bytes },
    })
  }
}

describe('a heartbeat with a message', () => {
  test('keeps two sides that have nothing to say, of which one sees no pings', () => {
    const { alive, events } = virtualTime(
      ({ serve }) => {
        const server = serve(() => NEVER, { heartbeat, random })
        connect(url, { dial: asInBrowsers(server.dial), heartbeat, random }).subscribe()
      },
      { until: '10m' },
    )
    expect(alive).toHaveLength(1)
    // one in ten seconds and a look, each way
    expect(events.filter(each => each.includes('▶ text')).length).toBeGreaterThan(50)
    expect(events.filter(each => each.includes('◀ text')).length).toBeGreaterThan(50)
  })

  test('is in nobody’s messages, and counts as none in flow', () => {
    virtualTime(
      ({ serve, at }) => {
        const got: unknown[] = []
        const server = serve(
          ({ read, flow }) => {
            read(each => got.push(each))
            at('9m', () => expect(flow.sent).toBe(1))
            return interval(5 * 60_000).pipe(map(() => 'news'))
          },
          { heartbeat, random },
        )
        connect(url, { dial: asInBrowsers(server.dial), heartbeat, random }, ({ read, flow }) => {
          read(each => got.push(each))
          at('9m', () => {
            expect(got).toEqual(['news'])
            expect(flow.sent).toBe(0)
          })
        }).subscribe()
      },
      { until: '9m' },
    )
  })

  test('goes past the codec, in both directions', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const codec = json(z.object({ n: z.number() }))
        const server = serve(({ messages }) => messages, { heartbeat, random, codec })
        const messages = connect(url, {
          dial: asInBrowsers(server.dial),
          heartbeat,
          random,
          codec,
        }).pipe(
          switchMap(connection => {
            at('1m', () => connection.send({ n: 1 }))
            return connection.messages
          }),
        )
        expectStream(messages).toBe('1m a', { a: { n: 1 } })
      },
      { until: '3m' },
    )
  })

  test('may be bytes', () => {
    const { alive } = virtualTime(
      ({ serve, expectStream }) => {
        const bytes = { ...heartbeat, message: Uint8Array.of(0) }
        const server = serve(() => NEVER, { heartbeat: bytes, random })
        const client = { dial: asInBrowsers(server.dial), heartbeat: bytes, random }
        expectStream(connect(url, client).pipe(switchMap(({ messages }) => messages))).toBe('')
      },
      { until: '5m' },
    )
    expect(alive).toHaveLength(1)
  })

  test('is said by a side that hears a lot and says nothing', () => {
    virtualTime(
      ({ serve, at }) => {
        const heard = new Subject<string>()
        const server = serve(
          ({ messages }) => {
            messages.subscribe(() => heard.next('news'))
          },
          { heartbeat, random },
        )
        const got: unknown[] = []
        connect(
          url,
          {
            dial: asInBrowsers(server.dial),
            heartbeat: { ...heartbeat, message: 'other' },
            random,
          },
          ({ read }) => {
            read(each => got.push(each))
            return interval(1_000).pipe(map(() => 'news'))
          },
        ).subscribe()
        // the two do not agree on what a beat is, so it is a message
        at('65s', () => expect(got).toEqual(Array(6).fill(message)))
      },
      { until: '1m 10s' },
    )
  })

  test('is not said by a side that says something else', () => {
    const { events } = virtualTime(
      ({ serve }) => {
        const server = serve(() => interval(5_000).pipe(map(() => 'news')), { heartbeat, random })
        connect(url, { dial: server.dial }).subscribe()
      },
      { until: '2m' },
    )
    expect(events.filter(each => each.includes('here'))).toEqual([])
    expect(events.filter(each => each.includes('news')).length).toBeGreaterThan(20)
  })

  test('is not said while what was sent backs up', () => {
    virtualTime(
      ({ accept, at }) => {
        const { connection, peer } = accept(() => NEVER, {
          heartbeat: { ...heartbeat, timeout: 60_000 },
          random,
          timeouts: { stall: false },
        })
        at('1s', () => {
          peer.stall()
          for (let each = 0; each < 10; each++) connection.send('x'.repeat(20_000))
        })
        at('2m', () => {
          expect(connection.flow.queued).toBeLessThan(10)
          peer.resume()
        })
        at('2m 1s', () => expect(peer.received.values.filter(each => each === message)).toEqual([]))
      },
      { until: '2m 2s' },
    )
  })

  test('does not keep a connection from being idle', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve(() => NEVER, { heartbeat, random, timeouts: { idle: 60_000 } })
      const client = { dial: asInBrowsers(server.dial), heartbeat, random, codec: text }
      expectStream(connect(url, client).pipe(ignoreElements())).toBe(
        '1m #',
        {},
        like({ close: like({ code: 1008, reason: 'idle' }) }),
      )
      at('59s', () => expect(server.handshakes.values).toHaveLength(1))
    })
  })
})

describe('a heartbeat in a browser', () => {
  test('hears messages alone: a server that says none is lost', () => {
    virtualTime(({ serve, expectStream }) => {
      const server = serve(() => NEVER, { heartbeat: false })
      const client = {
        dial: asInBrowsers(server.dial),
        heartbeat: { interval: 10_000, timeout: 30_000 },
        random,
      }
      expectStream(connect(url, client).pipe(ignoreElements())).toBe(
        '30s #',
        {},
        like({ close: like({ code: 1006, cause: new HeartbeatError(30_000) }) }),
      )
    })
  })

  test('is kept by any message', () => {
    const { alive } = virtualTime(
      ({ serve }) => {
        const server = serve(() => interval(25_000).pipe(map(() => 'news')), { heartbeat: false })
        const client = {
          dial: asInBrowsers(server.dial),
          heartbeat: { interval: 10_000, timeout: 30_000 },
          random,
        }
        connect(url, client).subscribe()
      },
      { until: '10m' },
    )
    expect(alive).toHaveLength(1)
  })
})

test.each([[5], [true], [{}], [[1]], [null]])('a heartbeat.message of %j is refused', value => {
  expect(() => connect(url, { heartbeat: { message: value as unknown as string } })).toThrow(
    /^connect: heartbeat\.message: .* is not a string or a Uint8Array$/,
  )
})
