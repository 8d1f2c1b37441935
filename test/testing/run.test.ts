import { interval, map, NEVER, Observable, Subject, throwError, timer } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { Close } from 'rivulet'
import { virtualTime } from 'rivulet/testing'

describe('a run', () => {
  test('happens after the script has returned, at once', () => {
    const order: string[] = []
    virtualTime(({ at, accept }) => {
      accept(() => {
        order.push('open')
      })
      at('0s', () => order.push('at 0s'))
      at('59m', () => order.push('at 59m'))
      order.push('script')
    })
    expect(order).toEqual(['script', 'open', 'at 0s', 'at 59m'])
  })

  test('ends after one virtual hour by default', () => {
    const seen: string[] = []
    virtualTime(() => {
      timer(3_599_999).subscribe(() => seen.push('before'))
      timer(3_600_001).subscribe(() => seen.push('after'))
    })
    expect(seen).toEqual(['before'])
  })

  test('ends when it is told to', () => {
    const seen: number[] = []
    virtualTime(
      () => {
        interval(1_000).subscribe(second => seen.push(second))
      },
      { until: '3500ms' },
    )
    expect(seen).toEqual([0, 1, 2])
  })

  test('ends with timers left that are not its own', () => {
    const { alive } = virtualTime(({ accept }) => {
      accept(() => NEVER)
      interval(500).subscribe()
      timer(10_000_000).subscribe()
    })
    expect(alive).toHaveLength(1)
  })

  test('leaves RxJS as it was: the next run starts at 0', () => {
    for (let run = 0; run < 2; run++) {
      virtualTime(({ expectStream }) => {
        expectStream(timer(1_000)).toBe('1s (0|)', { 0: 0 })
      })
    }
  })
})

describe('what lives at the end', () => {
  test('is reported, and nothing else is', () => {
    let name = ''
    const { alive } = virtualTime(({ accept, connect }) => {
      accept().peer.close(1000)
      name = accept().connection.id
      connect(undefined, { opens: false }) // given up after 10 s
    })
    expect(alive.map(({ id }) => id)).toEqual([name])
  })

  test('is closed: the writer is unsubscribed, and whoever watches closed is told', () => {
    let live = false
    const seen: Close[] = []
    const { alive, events } = virtualTime(({ accept }) => {
      const { connection } = accept(
        () =>
          new Observable<string>(() => {
            live = true
            return () => (live = false)
          }),
        { heartbeat: false },
      )
      connection.closed.subscribe(close => seen.push(close))
    })
    expect(live).toBe(false)
    expect(alive.map(({ state }) => state)).toEqual(['closed'])
    expect(seen).toEqual([{ code: 1006, reason: '', wasClean: false, by: 'network' }])
    // the end of the run is not a thing that happened in it
    expect(events.at(-1)).toBe('0s server-1 open')
  })

  test('is no news to expectations', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection } = accept()
      expectStream(connection.closed).toBe('')
      expectStream(connection.messages).toBe('')
    })
  })
})

describe('what a run reports', () => {
  test('is each state, each frame out and in, and each end, in order', () => {
    const { events } = virtualTime(({ link, at }) => {
      const { client } = link({ server: ({ messages }) => messages }, { latency: 50 })
      at('1s', () => client.send('hi'))
      at('2s', () => client.close(4000, 'done'))
    })
    expect(events).toEqual([
      '0s server-1 connecting',
      '0s client-2 connecting',
      '50ms server-1 open',
      '100ms client-2 open',
      '1s client-2 ▶ text "hi"',
      '1.05s server-1 ◀ text "hi"',
      '1.05s server-1 ▶ text "hi"',
      '1.1s client-2 ◀ text "hi"',
      '2s client-2 closing',
      '2s client-2 ▶ close 4000 "done"',
      '2.05s server-1 ◀ close 4000 "done"',
      '2.05s server-1 ▶ close 4000 "done"',
      '2.1s client-2 ◀ close 4000 "done"',
      '2.1s client-2 closed',
      '2.1s client-2 closed with 4000 by local',
      '2.15s server-1 closed',
      '2.15s server-1 closed with 4000 by peer',
    ])
  })
})

describe('an exception', () => {
  const failure = new Error('by the test')

  test('in the script fails the run with that very error', () => {
    const run = () =>
      virtualTime(() => {
        throw failure
      })
    expect(run).toThrow(expect.toSatisfy(error => error === failure))
  })

  test('in a callback fails the run with that very error', () => {
    const run = () =>
      virtualTime(({ at, accept }) => {
        accept(() => interval(1_000).pipe(map(each => `${each}`)))
        at('5s', () => {
          throw failure
        })
      })
    expect(run).toThrow(expect.toSatisfy(error => error === failure))
  })

  test.each(['messages', 'states', 'closed'] as const)(
    'in a subscriber of %s fails the run with that very error',
    stream => {
      const run = () =>
        virtualTime(({ accept }) => {
          const { connection, peer } = accept()
          peer.sends('1s a 1s |')
          const watched: Observable<unknown> = connection[stream]
          watched.subscribe(() => {
            throw failure
          })
        })
      expect(run).toThrow(expect.toSatisfy(error => error === failure))
    },
  )

  test('that nobody takes from a stream fails the run with that very error', () => {
    const run = () =>
      virtualTime(() => {
        throwError(() => failure).subscribe()
      })
    expect(run).toThrow(expect.toSatisfy(error => error === failure))
  })

  test('in a subscriber that only the end of the run reaches fails it all the same', () => {
    const run = () =>
      virtualTime(({ accept }) => {
        accept().connection.closed.subscribe(() => {
          throw failure
        })
      })
    expect(run).toThrow(expect.toSatisfy(error => error === failure))
  })

  test('leaves the next run unharmed', () => {
    const run = () =>
      virtualTime(({ at }) => {
        at('1s', () => {
          throw failure
        })
      })
    expect(run).toThrow(failure)
    virtualTime(({ expectStream }) => {
      expectStream(timer(1_000)).toBe('1s (0|)', { 0: 0 })
    })
  })
})

describe('a script', () => {
  test('that is async is refused', () => {
    const script = () => Promise.resolve()
    expect(() => virtualTime(script as () => void)).toThrow(
      new TypeError('virtualTime: the script is not async; promises escape virtual time'),
    )
  })

  test('may watch its own subjects', () => {
    virtualTime(({ at, expectStream }) => {
      const seen = new Subject<string>()
      at('1s', () => seen.next('a'))
      at('2s', () => seen.complete())
      expectStream(seen).toBe('1s a 999ms |')
    })
  })
})
