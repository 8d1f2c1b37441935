import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { HeartbeatError, type Random, TimeoutError } from 'rivulet'
import { Sweep, type Swept, type SweepTimes } from '../../src/connection/sweep.js'
import { seeded } from '../../src/testing/chance.js'

const off: SweepTimes = { heartbeat: undefined, idle: undefined, lifetime: undefined }
const usual: SweepTimes = { ...off, heartbeat: { interval: 30_000, timeout: 60_000 } }

/** A connection as the sweep sees it, with a note of all that the sweep does to it. */
class Subject implements Swept {
  bytesRead = 0
  messages = 0
  handed = 0
  deaf = false
  /** Whether a ping is answered at once. */
  answers = true
  readonly pings: number[] = []
  readonly beats: number[] = []
  readonly ends: [time: number, what: string, error: Error][] = []
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  ping(): void {
    this.pings.push(this.#bench.now())
    if (this.answers) this.bytesRead += 2
  }

  beat(): void {
    this.beats.push(this.#bench.now())
    this.handed++
  }

  lost(error: Error): void {
    this.#end('lost', error)
  }

  expired(code: number, reason: string, error: Error): void {
    this.#end(`${code} ${reason}`, error)
  }

  #end(what: string, error: Error): void {
    this.ends.push([this.#bench.now(), what, error])
    this.#bench.sweep.remove(this)
  }
}

/** A sweep on a virtual clock that counts what is scheduled, and what of that still waits. */
class Bench {
  readonly #clock: TestScheduler
  readonly sweep: Sweep
  scheduled = 0
  #waiting: Subscription[] = []

  constructor(clock: TestScheduler, times: SweepTimes, random: Random) {
    this.#clock = clock
    const scheduler: SchedulerLike = {
      now: () => clock.now(),
      schedule: <T>(
        work: (this: SchedulerAction<T>, state?: T) => void,
        delay?: number,
        state?: T,
      ) => {
        this.scheduled++
        const timer = new Subscription()
        this.#waiting.push(timer)
        timer.add(
          clock.schedule<T>(
            function (given) {
              timer.unsubscribe()
              work.call(this, given)
            },
            delay,
            state,
          ),
        )
        return timer
      },
    }
    this.sweep = new Sweep(scheduler, random, times)
  }

  now(): number {
    return this.#clock.now()
  }

  get timers(): number {
    this.#waiting = this.#waiting.filter(({ closed }) => !closed)
    return this.#waiting.length
  }

  at(time: number, action: () => void): void {
    this.#clock.schedule(() => action(), time)
  }

  add(subject = new Subject(this)): Subject {
    this.sweep.add(subject)
    return subject
  }
}

function swept(
  times: SweepTimes,
  script: (bench: Bench) => void,
  { until = 300_000, random = seeded(1) } = {},
): void {
  const clock = new TestScheduler(() => undefined)
  clock.run(() => {
    script(new Bench(clock, times, random))
    clock.maxFrames = until
  })
}

describe('the timer', () => {
  test('is one for any number of connections, and looks ten times in the shortest time', () => {
    let bench: Bench | undefined
    swept(
      usual,
      made => {
        bench = made
        for (let each = 0; each < 1_000; each++) made.add()
        expect(made.timers).toBe(1)
        made.at(150_001, () => {
          expect(made.timers).toBe(1)
          // one to begin with, then one a look
          expect(made.scheduled).toBe(1 + 50)
        })
      },
      { until: 150_001 },
    )
    expect(bench?.scheduled).toBe(51)
  })

  test('ends with the last connection, and begins anew with the next', () => {
    swept(usual, bench => {
      const [a, b] = [bench.add(), bench.add()]
      bench.at(10_000, () => bench.sweep.remove(a))
      bench.at(10_001, () => expect(bench.timers).toBe(1))
      bench.at(20_000, () => bench.sweep.remove(b))
      bench.at(20_001, () => expect(bench.timers).toBe(0))
      bench.at(100_000, () => {
        // nobody looked in the meantime
        expect(bench.scheduled).toBe(1 + 6)
        bench.add()
        expect(bench.timers).toBe(1)
      })
    })
  })

  test('ends also when the last connection is removed by the look itself', () => {
    swept({ ...off, lifetime: 1_000 }, bench => {
      const subject = bench.add()
      bench.at(1_001, () => {
        expect(subject.ends).toHaveLength(1)
        expect(bench.timers).toBe(0)
      })
    })
  })

  test('is none when all is off', () => {
    swept(off, bench => {
      bench.add()
      expect(bench.scheduled).toBe(0)
    })
  })

  test('takes the removal of one that was never added, or twice', () => {
    swept(usual, bench => {
      const subject = new Subject(bench)
      bench.sweep.remove(subject)
      bench.add(subject)
      bench.sweep.remove(subject)
      bench.sweep.remove(subject)
      expect(bench.timers).toBe(0)
    })
  })
})

describe('first pings', () => {
  test.each([1, 2, 3])('are spread by the dice over half an interval (seed %d)', seed => {
    let subjects: Subject[] = []
    swept(
      usual,
      bench => {
        subjects = Array.from({ length: 1_000 }, () => bench.add())
      },
      { until: 60_000, random: seeded(seed) },
    )
    const ticks = new Map<number, number>()
    for (const { pings } of subjects) {
      const [first = NaN] = pings
      ticks.set(first, (ticks.get(first) ?? 0) + 1)
    }
    expect(Math.min(...ticks.keys())).toBeGreaterThanOrEqual(15_000)
    expect(Math.max(...ticks.keys())).toBeLessThanOrEqual(30_000)
    // five looks: no third of all in one of them, none without its share
    expect(ticks.size).toBe(5)
    expect(Math.max(...ticks.values())).toBeLessThan(1_000 / 3)
    expect(Math.min(...ticks.values())).toBeGreaterThan(100)
  })

  test('stay spread: an hour later no tick has a third', () => {
    let subjects: Subject[] = []
    swept(
      usual,
      bench => {
        subjects = Array.from({ length: 1_000 }, () => bench.add())
      },
      { until: 3_600_000 },
    )
    const ticks = new Map<number, number>()
    for (const { pings, ends } of subjects) {
      expect(ends).toEqual([])
      ticks.set(pings.at(-1) ?? NaN, (ticks.get(pings.at(-1) ?? NaN) ?? 0) + 1)
    }
    expect(Math.max(...ticks.values())).toBeLessThan(1_000 / 3)
  })
})

describe('a sign of life', () => {
  test('is any byte: a frame that takes an hour is one, and gets no ping', () => {
    swept(
      usual,
      bench => {
        const subject = bench.add()
        subject.answers = false
        for (let time = 0; time < 3_600_000; time += 10_000) {
          bench.at(time, () => (subject.bytesRead += 1))
        }
        bench.at(3_600_000, () => expect(subject).toMatchObject({ ends: [], pings: [] }))
      },
      { until: 3_600_000 },
    )
  })

  test('is not a message that goes out', () => {
    swept(usual, bench => {
      const subject = bench.add()
      subject.answers = false
      for (let time = 0; time < 300_000; time += 1_000) {
        bench.at(time, () => subject.messages++)
      }
      bench.at(60_001, () => expect(subject.ends).toMatchObject([[60_000, 'lost', {}]]))
    })
  })

  test('puts the next ping off by an interval', () => {
    swept(
      usual,
      bench => {
        const subject = bench.add()
        bench.at(50_000, () =>
          // the answer to the first is seen at the look behind it
          expect(subject.pings).toEqual([15_000, 48_000]),
        )
      },
      { random: () => 0 },
    )
  })
})

describe('a peer that is gone', () => {
  test('is lost a timeout after the look that saw its last byte', () => {
    swept(
      usual,
      bench => {
        const subject = bench.add()
        subject.answers = false
        bench.at(20_000, () => (subject.bytesRead += 100))
        bench.at(100_000, () => {
          expect(subject.pings).toEqual([15_000, 51_000])
          expect(subject.ends).toEqual([[81_000, 'lost', new HeartbeatError(60_000)]])
        })
      },
      { random: () => 0 },
    )
  })

  test.each([
    [30_000, 60_000],
    [1_000, 2_000],
    [1_000, 1_500],
    [10, 1_000],
    [7, 11],
    [0.5, 3],
  ])('is found within interval + timeout: %d + %d ms, whenever it goes', (interval, timeout) => {
    for (const part of [0, 0.1, 0.33, 0.5, 0.99, 1.7, 2.05]) {
      const gone = Math.round(part * interval)
      swept(
        { ...off, heartbeat: { interval, timeout } },
        bench => {
          const subject = bench.add()
          bench.at(gone, () => {
            subject.bytesRead++
            subject.answers = false
          })
          bench.at(gone + interval + timeout + 1, () => {
            const [[time, what] = []] = subject.ends
            expect(what).toBe('lost')
            expect(time).toBeGreaterThanOrEqual(gone + timeout)
            // it was asked in time to answer
            expect(subject.pings.some(ping => ping < gone + timeout)).toBe(true)
          })
        },
        { until: gone + interval + timeout + 1 },
      )
    }
  })

  test('is not thought gone while it is deaf, and has a whole timeout afterwards', () => {
    swept(
      usual,
      bench => {
        const subject = bench.add()
        subject.answers = false
        subject.deaf = true
        bench.at(3_600_001, () => {
          expect(subject).toMatchObject({ ends: [], pings: [] })
          subject.deaf = false
        })
        bench.at(3_660_001, () => {
          expect(subject.pings).toEqual([3_630_000])
          expect(subject.ends).toMatchObject([[3_660_000, 'lost', {}]])
        })
      },
      { until: 3_700_000 },
    )
  })
})

describe('idle and lifetime', () => {
  test('idle counts messages, and not bytes', () => {
    swept({ ...usual, idle: 100_000 }, bench => {
      const [quiet, busy] = [bench.add(), bench.add()]
      for (let time = 0; time < 300_000; time += 50_000) bench.at(time, () => busy.messages++)
      bench.at(290_000, () => {
        expect(quiet.pings.length).toBeGreaterThan(2)
        expect(quiet.ends).toEqual([[102_000, '1008 idle', new TimeoutError('idle', 100_000)]])
        expect(busy.ends).toEqual([])
      })
    })
  })

  test.each([0, 1, 37, 99, 100, 101, 250])(
    'idle comes at most a tenth late: last message at %d ms',
    last => {
      swept(
        { ...off, idle: 1_000 },
        bench => {
          const subject = bench.add()
          bench.at(last, () => subject.messages++)
          bench.at(last + 1_101, () => {
            const [[time] = [NaN]] = subject.ends
            expect(time).toBeGreaterThanOrEqual(last + 1_000)
            expect(time).toBeLessThanOrEqual(last + 1_100)
          })
        },
        { until: 5_000 },
      )
    },
  )

  test.each([0, 1, 37, 99, 100, 101, 250])(
    'lifetime comes at most a tenth late: opened at %d ms',
    opened => {
      swept(
        { ...off, lifetime: 1_000 },
        bench => {
          // it holds the timer
          bench.add()
          bench.at(opened, () => {
            const subject = bench.add()
            bench.at(1_101, () => {
              const [[time, what, error] = [NaN]] = subject.ends
              expect(time).toBeGreaterThanOrEqual(opened + 1_000)
              expect(time).toBeLessThanOrEqual(opened + 1_100)
              expect(what).toBe('1012 lifetime over')
              expect(error).toEqual(new TimeoutError('lifetime', 1_000))
            })
          })
        },
        { until: 5_000 },
      )
    },
  )

  test('lifetime comes before idle, and each before the heartbeat', () => {
    swept({ heartbeat: { interval: 500, timeout: 1_000 }, idle: 1_000, lifetime: 1_000 }, bench => {
      const subject = bench.add()
      subject.answers = false
      bench.at(2_000, () => expect(subject.ends).toMatchObject([[1_000, '1012 lifetime over', {}]]))
    })
  })
})
