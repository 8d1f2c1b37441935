import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { TimeoutError } from 'rivulet'
import type { State } from '../../src/connection/machine.js'
import { Drain, type Drained, type DrainOptions } from '../../src/server/drain.js'

/** What was done to a connection, and when. */
interface Done {
  readonly at: number
  readonly which: number
  readonly what: string
}

class FakeConnection implements Drained {
  state: State = 'open'
  readonly #stage: DrainStage
  readonly #which: number

  constructor(stage: DrainStage, which: number) {
    this.#stage = stage
    this.#which = which
  }

  drain(code: number, reason: string): void {
    // as a real one: only the first ending counts
    if (this.state !== 'open') return
    this.state = 'closing'
    this.#stage.note(this.#which, `${code} ${reason}`)
    if (this.#stage.answers) this.end()
  }

  abandon(cause: Error): void {
    const what = cause instanceof TimeoutError ? cause.timeout : 'something else'
    this.#stage.note(this.#which, `gives up: ${what}`)
    this.end()
  }

  end(): void {
    this.state = 'closed'
    this.#stage.gone(this)
  }
}

/** A drain of connections that do nothing, or answer at once, in virtual time. */
class DrainStage {
  readonly connections = new Set<FakeConnection>()
  readonly done: Done[] = []
  readonly drain: Drain
  readonly answers: boolean
  readonly #scheduler: TestScheduler

  constructor(scheduler: TestScheduler, count: number, answers = true) {
    this.#scheduler = scheduler
    this.answers = answers
    this.drain = new Drain(this.connections, scheduler)
    for (let which = 0; which < count; which++) {
      this.connections.add(new FakeConnection(this, which))
    }
  }

  get all(): FakeConnection[] {
    return [...this.connections]
  }

  note(which: number, what: string): void {
    this.done.push({ at: this.#scheduler.now(), which, what })
  }

  gone(connection: FakeConnection): void {
    this.connections.delete(connection)
    this.drain.tell()
    if (this.connections.size === 0) this.drain.end()
  }

  begin(options: DrainOptions = {}): void {
    this.drain.begin(options)
  }

  at(time: number, action: () => void): void {
    this.#scheduler.schedule(() => action(), time)
  }

  /** The times at which something was done. */
  get times(): number[] {
    return this.done.map(({ at }) => at)
  }
}

interface Run {
  readonly stage: (count: number, answers?: boolean) => DrainStage
  readonly expectProgress: (stage: DrainStage) => { toBe(marbles: string): void }
}

// `o/i/d`: so many are open, closing, closed
const progress = (text: string) => {
  const [open = 0, closing = 0, closed = 0] = text.split('/').map(Number)
  return { open, closing, closed, left: open + closing }
}
const values = {
  c: progress('0/4/0'),
  d: progress('0/3/1'),
  e: progress('0/2/2'),
  f: progress('2/0/2'),
  h: progress('3/0/1'),
  k: progress('1/3/0'),
  m: progress('1/0/3'),
  z: progress('0/0/4'),
}

function inTime(script: (run: Run) => void): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  scheduler.run(({ expectObservable }) =>
    script({
      stage: (count, answers) => new DrainStage(scheduler, count, answers),
      expectProgress: ({ drain }) => ({
        toBe: marbles => expectObservable(drain.progress).toBe(marbles, values),
      }),
    }),
  )
  scheduler.flush()
}

describe('the closing', () => {
  test('is of all at once, with 1012, unless it is spread', () => {
    inTime(({ stage }) => {
      const { drain, done } = stage(3)
      drain.begin({})
      expect(done).toEqual([
        { at: 0, which: 0, what: '1012 server restarting' },
        { at: 0, which: 1, what: '1012 server restarting' },
        { at: 0, which: 2, what: '1012 server restarting' },
      ])
    })
  })

  test('is spread evenly, the first at once and the last before the time is over', () => {
    let stage: DrainStage | undefined
    inTime(run => {
      stage = run.stage(4)
      stage.begin({ over: 1_000, code: 4000, reason: 'moving' })
    })
    expect(stage?.done).toEqual(
      [0, 250, 500, 750].map((at, which) => ({ at, which, what: '4000 moving' })),
    )
  })

  test.each([
    [25, 1_000, 10, 3],
    [1_000, 1_000, 10, 100],
    [1_000, 30_000, 300, 4],
    [7, 60_000, 7, 1],
    [3, 50, 1, 3],
    [1, 1_000, 1, 1],
  ])('of %d connections over %d ms is in %d steps of %d at most', (count, over, steps, atMost) => {
    let stage: DrainStage | undefined
    inTime(run => {
      stage = run.stage(count)
      stage.begin({ over })
    })
    const { done = [], times = [] } = stage ?? {}
    expect(done.map(({ which }) => which)).toEqual(Array.from({ length: count }, (_, at) => at))
    const moments = [...new Set(times)]
    expect(moments).toHaveLength(steps)
    expect(Math.max(...times)).toBeLessThan(over)
    for (const moment of moments) {
      expect(times.filter(each => each === moment).length).toBeLessThanOrEqual(atMost)
    }
  })

  test('leaves out those that have ended in the meantime', () => {
    let stage: DrainStage | undefined
    inTime(run => {
      const own = (stage = run.stage(4))
      const [, second] = own.all
      own.begin({ over: 1_000 })
      own.at(100, () => second?.end())
    })
    expect(stage?.done.map(({ which }) => which)).toEqual([0, 2, 3])
  })

  test('cuts a reason to the 123 bytes that a Close frame has room for', () => {
    inTime(({ stage }) => {
      const { drain, done } = stage(1)
      drain.begin({ reason: 'é'.repeat(100) })
      expect(done[0]?.what).toBe(`1012 ${'é'.repeat(61)}`)
    })
  })
})

describe('the deadline', () => {
  test.each<[DrainOptions, number]>([
    [{}, 30_000],
    [{ over: 2_000 }, 32_000],
    [{ deadline: 700 }, 700],
    [{ over: 2_000, deadline: 5_000 }, 5_000],
    [{ over: 2 ** 31 - 1 }, 2 ** 31 - 1],
  ])('of %j gives up what is left at %d ms', (options, time) => {
    let stage: DrainStage | undefined
    inTime(run => {
      stage = run.stage(2, false)
      stage.begin(options)
    })
    const given = stage?.done.filter(({ what }) => what === 'gives up: drain')
    expect(given?.map(({ at }) => at)).toEqual([time, time])
  })

  test('leaves alone those that have ended', () => {
    let stage: DrainStage | undefined
    inTime(run => {
      const own = (stage = run.stage(2, false))
      const [first] = own.all
      own.begin({ deadline: 1_000 })
      own.at(999, () => first?.end())
    })
    expect(stage?.done.slice(2)).toEqual([{ at: 1_000, which: 1, what: 'gives up: drain' }])
  })
})

describe('the progress', () => {
  test('is told once a turn, and completes when all are gone', () => {
    inTime(({ stage, expectProgress }) => {
      const own = stage(4, false)
      const [first, second, third, last] = own.all
      own.begin()
      own.at(100, () => first?.end())
      own.at(200, () => second?.end())
      own.at(300, () => (third?.end(), last?.end()))
      expectProgress(own).toBe('c 99ms d 99ms e 99ms (z|)')
    })
  })

  test('counts those that wait for their turn as open', () => {
    inTime(({ stage, expectProgress }) => {
      const own = stage(4)
      own.begin({ over: 400 })
      expectProgress(own).toBe('h 99ms f 99ms m 99ms (z|)')
    })
  })

  test('is told to who comes late: how it stands, or that it is done', () => {
    inTime(({ stage }) => {
      const own = stage(4, false)
      own.begin({ deadline: 1_000 })
      const late: unknown[] = []
      const watch = () => {
        own.drain.progress.subscribe({
          next: value => late.push(value),
          complete: () => late.push('completes'),
        })
      }
      own.at(500, () => {
        watch()
        expect(late).toEqual([values.c])
      })
      own.at(2_000, () => {
        late.length = 0
        watch()
        expect(late).toEqual([values.z, 'completes'])
      })
    })
  })

  test('counts those that were closing when it began', () => {
    inTime(({ stage, expectProgress }) => {
      const own = stage(4, false)
      const [first, second] = own.all
      for (const each of [first, second]) if (each) each.state = 'closing'
      own.begin({ over: 300, deadline: 400 })
      expect(own.done.map(({ which }) => which)).toEqual([2])
      expectProgress(own).toBe('k 149ms c 249ms (z|)')
    })
  })
})

describe('a second call', () => {
  test('hastens those that wait for their turn, and changes nothing for the others', () => {
    let stage: DrainStage | undefined
    inTime(run => {
      const own = (stage = run.stage(4, false))
      own.begin({ over: 40_000, deadline: 50_000 })
      own.at(15_000, () => own.begin({ code: 1001, reason: 'now', deadline: 1_000 }))
    })
    expect(stage?.done.map(({ at, what }) => `${at} ${what}`)).toEqual([
      '0 1012 server restarting',
      '10000 1012 server restarting',
      '15000 1001 now',
      '15000 1001 now',
      ...Array<string>(4).fill('16000 gives up: drain'),
    ])
  })

  test('puts nothing off', () => {
    let stage: DrainStage | undefined
    inTime(run => {
      const own = (stage = run.stage(2, false))
      own.begin({ over: 1_000, deadline: 2_000 })
      own.at(100, () => own.begin({ over: 60_000, deadline: 120_000 }))
    })
    expect(stage?.times).toEqual([0, 100, 2_000, 2_000])
  })

  test('counts from where the first began', () => {
    inTime(({ stage, expectProgress }) => {
      const own = stage(4, false)
      const [first, ...others] = own.all
      own.begin()
      own.at(100, () => first?.end())
      own.at(200, () => own.begin())
      own.at(300, () => others.forEach(each => each.end()))
      expectProgress(own).toBe('c 99ms d 99ms d 99ms (z|)')
    })
  })
})

test('leaves no timer behind when all are gone', () => {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const stage = new DrainStage(scheduler, 3, false)
    stage.begin({ over: 60_000, deadline: 120_000 })
    for (const each of stage.all) each.end()
  })
  expect(scheduler.now()).toBe(0)
})

describe('an option that makes no sense', () => {
  const nonsense: [string, unknown][] = [
    ...[999, 1004, 1005, 1006, 1015, 2000, 5000, 1000.5, NaN, '1012', null].map(
      (value): [string, unknown] => ['code', value],
    ),
    ['reason', 1],
    ['reason', null],
    ...[-1, 0.5, NaN, Infinity, 2 ** 31, '1s', false, null].map((value): [string, unknown] => [
      'over',
      value,
    ]),
    ...[-1, 0, NaN, Infinity, 2 ** 31, '1s', false, null].map((value): [string, unknown] => [
      'deadline',
      value,
    ]),
    ['after', 1],
  ]

  test.each(nonsense)(
    '%s: %j is a TypeError that names it, and nothing has begun',
    (name, value) => {
      inTime(({ stage }) => {
        const { drain, done } = stage(2)
        const told: unknown[] = []
        drain.progress.subscribe(each => told.push(each))
        const begin = () => drain.begin({ [name]: value })
        expect(begin).toThrow(TypeError)
        expect(begin).toThrow(name)
        expect(done).toEqual([])
        expect(told).toEqual([])
      })
    },
  )
})
