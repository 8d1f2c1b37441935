import {
  BehaviorSubject,
  concat,
  EMPTY,
  ignoreElements,
  NEVER,
  of,
  switchMap,
  throwError,
  timer,
} from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect, reconnect, type ReconnectOptions } from 'rivulet'
import { like, type VirtualServer, virtualTime } from 'rivulet/testing'
import { seeded } from '../../src/testing/chance.js'

const url = 'ws://server/'
// every wait is the most that it may be
const random = () => 1 - 2 ** -40

const times = (
  server: VirtualServer<never, never> | Pick<VirtualServer<never, never>, 'handshakes'>,
) => server.handshakes.messages.map(({ frame }) => frame)

/** When a client knocks that is refused, or loses its connection, for as long as a run takes. */
function knocks(
  until: string,
  options: ReconnectOptions,
  befalls: (
    server: Pick<VirtualServer<string, string>, 'down' | 'refuse' | 'up' | 'close' | 'cut'>,
  ) => void,
): readonly number[] {
  let knocked: readonly number[] = []
  virtualTime(
    ({ serve, at }) => {
      const server = serve<string>()
      befalls(server)
      connect(url, { dial: server.dial, random }).pipe(reconnect(options)).subscribe()
      at(until, () => (knocked = times(server)))
    },
    { until },
  )
  return knocked
}

describe('the waits of reconnect', () => {
  test('double from 250 ms to 30 s', () => {
    const knocked = knocks('2m', {}, server => server.down())
    const waits = knocked.map((time, at) => time - (knocked[at - 1] ?? 0))
    expect(waits).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  test('have the bounds that they are given', () => {
    const knocked = knocks('50s', { from: 1_000, to: 10_000 }, server => server.down())
    expect(knocked).toEqual([0, 1_000, 3_000, 7_000, 15_000, 25_000, 35_000, 45_000])
  })

  test('are short again when a connection was open for stableAfter, and not before', () => {
    const lost = (after: number) =>
      knocks('60s', { stableAfter: 5_000 }, server => {
        server.down()
        timer(3_000).subscribe(() => server.up())
        // it opens at 3.75 s
        timer(3_750 + after).subscribe(() => server.down())
      }).filter(time => time > 3_750)
    expect(lost(4_999)[0]).toBe(3_750 + 4_999 + 4_000)
    expect(lost(5_001)[0]).toBe(3_750 + 5_001 + 250)
  })

  test('grow for a server that accepts and closes at once', () => {
    const knocked = knocks('10m', {}, () => undefined)
    expect(knocked).toEqual([0])
    const hammered = knocks('10m', {}, server => {
      timer(0, 1).subscribe(() => server.close(1001))
    })
    // 8 in the first 32 s, then one in 30 s
    expect(hammered.length).toBeLessThanOrEqual(28)
    expect(hammered.filter(time => time > 60_000).length).toBeLessThanOrEqual(19)
  })

  test('are spread over 5 s after 1012, and long after 1013', () => {
    const after = (code: number) =>
      knocks('2m', {}, server => {
        timer(1_000).subscribe(() => server.close(code))
      })
    expect(after(1012)).toEqual([0, 6_000])
    expect(after(1013)).toEqual([0, 31_000])
  })

  test.each([429, 503])('are what Retry-After says, and more, after %d', status => {
    const knocked = knocks('30s', {}, server => server.refuse(status, { 'retry-after': '7' }))
    expect(knocked).toEqual([0, 7_250, 14_750, 22_750])
  })
})

describe('reconnect', () => {
  test.each([1000, 1002, 1003, 1007, 1008, 1009, 4000])('leaves it after %d', code => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      const connections = connect(url, { dial: server.dial, random }).pipe(reconnect())
      at('1s', () => server.close(code))
      const close = like({ close: like({ code }) })
      expectStream(connections.pipe(ignoreElements())).toBe(
        code === 1000 ? '1s |' : '1s #',
        {},
        close,
      )
      expectStream(server.handshakes).toBe('h', { h: '/' })
    })
  })

  test.each([400, 401, 403, 404, 405, 426])('leaves it after HTTP %d', status => {
    virtualTime(({ serve, expectStream }) => {
      const server = serve()
      server.refuse(status)
      const connections = connect(url, { dial: server.dial, random }).pipe(reconnect())
      expectStream(connections.pipe(ignoreElements())).toBe('#', {}, like({ status }))
      expectStream(server.handshakes).toBe('h', { h: '/' })
    })
  })

  test('leaves it after five failures of the server in a row', () => {
    virtualTime(({ serve, expectStream }) => {
      const failing = () => throwError(() => new Error('no database'))
      const server = serve(failing)
      const connections = connect(url, { dial: server.dial, random }).pipe(reconnect())
      expectStream(connections.pipe(ignoreElements())).toBe(
        '3750ms #',
        {},
        like({ close: like({ code: 1011 }) }),
      )
      expectStream(server.handshakes).toBe('h 249ms h 499ms h 999ms h 1999ms h', {
        h: '/',
      })
    })
  })

  test('tries on after five failures that were not in a row', () => {
    virtualTime(
      ({ serve, at }) => {
        const server = serve()
        connect(url, { dial: server.dial, random }).pipe(reconnect()).subscribe()
        for (let minute = 1; minute < 10; minute++) at(`${minute}m`, () => server.close(1011))
        at('11m', () => expect(times(server)).toHaveLength(10))
      },
      { until: '12m' },
    )
  })

  test('gives up after maxAttempts in a row, with the last error', () => {
    virtualTime(({ serve, expectStream }) => {
      const server = serve()
      server.refuse(502)
      const connections = connect(url, { dial: server.dial, random }).pipe(
        reconnect({ maxAttempts: 3 }),
      )
      expectStream(connections.pipe(ignoreElements())).toBe('750ms #', {}, like({ status: 502 }))
      expectStream(server.handshakes).toBe('h 249ms h 499ms h', { h: '/' })
    })
  })

  test('gives up after maxAttempts behind a stable connection, which is none of them', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      at('20s', () => server.down())
      const connections = connect(url, { dial: server.dial, random }).pipe(
        reconnect({ maxAttempts: 2 }),
      )
      expectStream(connections.pipe(ignoreElements())).toBe(
        '20750ms #',
        {},
        like({ code: 'ERR_HANDSHAKE' }),
      )
      expectStream(server.handshakes).toBe('h 20249ms h 499ms h', { h: '/' })
    })
  })

  test('asks mayReconnect where it is given, and nobody else', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      const connections = connect(url, { dial: server.dial, random }).pipe(
        reconnect({ mayReconnect: ({ code }) => code >= 4000 }),
      )
      at('1s', () => server.close(4000))
      at('2s', () => server.cut())
      expectStream(connections.pipe(ignoreElements())).toBe(
        '2s #',
        {},
        like({ code: 'ERR_CLOSED' }),
      )
      expectStream(server.handshakes).toBe('h 1249ms h', { h: '/' })
    })
  })

  test('passes on what mayReconnect throws, and any error that is no ending', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      const bad = new Error('bad')
      const throwing = reconnect({
        mayReconnect() {
          throw bad
        },
      })
      at('1s', () => server.cut())
      const connections = connect(url, { dial: server.dial }).pipe(throwing, ignoreElements())
      expectStream(connections).toBe('1s #', {}, bad)
      const broken = connect(url, { dial: server.dial }).pipe(
        switchMap(() => throwError(() => bad)),
        reconnect() as never,
      )
      expectStream(broken).toBe('#', {}, bad)
    })
  })

  test('asks for the address anew each time', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve()
        let token = 0
        connect(() => `ws://server/?token=${++token}`, { dial: server.dial, random })
          .pipe(reconnect())
          .subscribe()
        at('1s', () => server.cut())
        expectStream(server.handshakes).toBe('a 1249ms b', { a: '/?token=1', b: '/?token=2' })
      },
      { until: '3s' },
    )
  })

  test('goes on with the messages of the next connection', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        let count = 0
        const server = serve<string>(() => concat(of(`greeting ${++count}`), NEVER))
        at('1s', () => server.down())
        at('2s', () => server.up())
        const messages = connect(url, { dial: server.dial, random }).pipe(
          reconnect(),
          switchMap(connection => connection.messages),
        )
        expectStream(messages).toBe('a 2749ms b', { a: 'greeting 1', b: 'greeting 2' })
      },
      { until: '5s' },
    )
  })

  test('unsubscribed from while it waits, tries no more', () => {
    const { alive } = virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      server.down()
      const subscription = connect(url, { dial: server.dial, random }).pipe(reconnect()).subscribe()
      at('100ms', () => subscription.unsubscribe())
      expectStream(server.handshakes).toBe('h', { h: '/' })
    })
    expect(alive).toEqual([])
  })

  test('counts for each subscription on its own', () => {
    virtualTime(
      ({ serve, at }) => {
        const server = serve()
        server.down()
        const connections = connect(url, { dial: server.dial, random }).pipe(reconnect())
        connections.subscribe()
        at('10s', () => connections.subscribe())
        at('10260ms', () =>
          expect(times(server).filter(time => time >= 10_000)).toEqual([10_000, 10_250]),
        )
      },
      { until: '11s' },
    )
  })
})

describe('while there is no network', () => {
  test('nothing is tried, and at once when it is back', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve()
        const online = new BehaviorSubject(true)
        connect(url, { dial: server.dial, random }).pipe(reconnect({ online })).subscribe()
        at('1s', () => {
          online.next(false)
          server.cut()
        })
        at('10m', () => online.next(true))
        expectStream(server.handshakes).toBe('h 599999ms h', { h: '/' })
      },
      { until: '20m' },
    )
  })

  test('a wait that has begun is over when it is back', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve()
        const online = new BehaviorSubject(true)
        connect(url, { dial: server.dial, random })
          .pipe(reconnect({ online, from: 20_000 }))
          .subscribe()
        at('1s', () => server.cut())
        at('5s', () => online.next(false))
        at('8s', () => online.next(true))
        expectStream(server.handshakes).toBe('h 7999ms h', { h: '/' })
      },
      { until: '1m' },
    )
  })

  test('a server that wanted time still gets it', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve()
        const online = new BehaviorSubject(true)
        connect(url, { dial: server.dial, random }).pipe(reconnect({ online })).subscribe()
        at('1s', () => server.close(1013))
        at('5s', () => online.next(false))
        at('8s', () => online.next(true))
        expectStream(server.handshakes).toBe('h 30999ms h', { h: '/' })
      },
      { until: '1m' },
    )
  })

  test('what ends without a word is waited for, and gives nothing up', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      const connections = connect(url, { dial: server.dial, random }).pipe(
        reconnect({ online: EMPTY }),
        ignoreElements(),
      )
      at('1s', () => server.cut())
      expectStream(connections).toBe('')
    })
  })

  test('a network that was never lost changes nothing', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve()
        const online = new BehaviorSubject(true)
        connect(url, { dial: server.dial, random })
          .pipe(reconnect({ online, from: 20_000 }))
          .subscribe()
        at('1s', () => server.cut())
        at('5s', () => online.next(true))
        expectStream(server.handshakes).toBe('h 20999ms h', { h: '/' })
      },
      { until: '1m' },
    )
  })
})

describe('1,000 clients that lose one server', () => {
  const clients = 1_000

  /** When they knock, counted from what befell the server at 1 s. */
  function crowd(
    befall: (server: Pick<VirtualServer<never, never>, 'cut' | 'close' | 'down' | 'up'>) => void,
  ) {
    let knocked: number[] = []
    virtualTime(
      ({ serve, at }) => {
        const server = serve<never>()
        for (let client = 0; client < clients; client++) {
          connect(url, { dial: server.dial, random: seeded(client) })
            .pipe(reconnect())
            .subscribe()
        }
        at('1s', () => befall(server))
        at('2m', () => {
          knocked = times(server)
            .filter(time => time >= 1_000)
            .map(time => time - 1_000)
        })
      },
      { until: '2m' },
    )
    return knocked
  }

  /** How many come in each slice. */
  const slices = (knocked: readonly number[], width: number, count: number) =>
    Array.from(
      { length: count },
      (_, at) => knocked.filter(time => time >= at * width && time < (at + 1) * width).length,
    )

  test('come back spread evenly over the first 250 ms when it was there all the while', () => {
    const knocked = crowd(server => server.cut())
    expect(knocked).toHaveLength(clients)
    expect(Math.max(...knocked)).toBeLessThanOrEqual(250)
    for (const some of slices(knocked, 25, 10)) {
      expect(some).toBeGreaterThan(60)
      expect(some).toBeLessThan(150)
    }
  })

  test('come back spread evenly over 5 s after 1012', () => {
    const knocked = crowd(server => server.close(1012))
    expect(knocked).toHaveLength(clients)
    expect(Math.max(...knocked)).toBeLessThanOrEqual(5_000)
    for (const some of slices(knocked, 500, 10)) {
      expect(some).toBeGreaterThan(60)
      expect(some).toBeLessThan(150)
    }
  })

  test('come back spread over 15 s, and after 15 s, when there was too much to do', () => {
    const knocked = crowd(server => server.close(1013))
    expect(Math.min(...knocked)).toBeGreaterThanOrEqual(15_000)
    expect(Math.max(...knocked)).toBeLessThanOrEqual(30_000)
  })

  test('knock less and less while it is down for half a minute, and come back spread then', () => {
    const knocked = crowd(server => {
      server.down()
      timer(30_000).subscribe(() => server.up())
    })
    const [first = 0, , , , , last = 0] = slices(knocked, 5_000, 6)
    expect(first).toBeGreaterThan(4 * last)
    // the load of a whole crowd that comes at once is far from any 100 ms of it
    const busiest = Math.max(
      ...slices(
        knocked.filter(time => time >= 30_000),
        100,
        600,
      ),
    )
    expect(busiest).toBeLessThan(clients / 20)
    // all of them are back within the longest wait
    expect(knocked.filter(time => time >= 30_000)).toHaveLength(clients)
  })
})
