/** Virtual time: runs whole connections, their machines, streams and timers, on one virtual clock. */

import { isObservable, type Observable } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import type { Close } from '../close.js'
import type { Connection } from '../connection/connection.js'
import type { Random } from '../random.js'
import { keepInOrder } from './agenda.js'
import { seeded } from './chance.js'
import { type Duration, milliseconds, written } from './duration.js'
import { type Expectation, Expectations } from './expectations.js'
import { spelled } from './marbles.js'
import type { Recording } from './recording.js'
import { Scene } from './scene.js'
import type { Opening } from './stage.js'
import { boundTurns } from './turns.js'

/** How a run goes. */
export interface VirtualTimeOptions {
  /** When it ends, whatever still lives. Default one virtual hour. */
  until?: Duration | undefined
  /**
   * The number from which jitter, and whatever else is left to chance, come: the same seed gives the
   * same run. Default 1.
   */
  seed?: number | undefined
}

/** What became of a run. */
export interface Report {
  /** The connections that still lived when the run ended, and were closed by its end. */
  readonly alive: readonly Connection<unknown, never>[]
  /** All states, frames (▶ sent, ◀ received) and ends, in order: `5s server-1 ▶ text "hello"`. */
  readonly events: readonly string[]
}

/** What a script has to work with. Everything happens after it has returned, from 0 ms on. */
export interface VirtualTime extends Opening {
  /** A cold Observable made of marbles, as RxJS's `TestScheduler` has it. */
  readonly cold: RunHelpers['cold']
  /** Emits from 0 ms on, so it belongs to the script itself. */
  readonly hot: RunHelpers['hot']
  /** How many ms some marbles take, as RxJS's `TestScheduler` has it. */
  readonly time: RunHelpers['time']
  /** Does something at a time of the run: `at('5s', () => peer.close(4001))`. */
  at(this: void, time: Duration, action: () => void): void
  /** What came of a stream, or of a peer, from 0 ms on. Compared when the run has ended. */
  expectStream<T>(this: void, subject: Observable<T> | Recording<T>): Expectation<T>
  /** When a connection closed, and the members of its {@link Close} that matter. */
  expectClose(
    this: void,
    connection: { closed: Observable<Close> },
    time: Duration,
    close: Partial<Close>,
  ): void
  /** The seeded dice. */
  readonly random: Random
}

/**
 * Runs a script in virtual time: hours take milliseconds, and every run ends. All that is due by
 * then happens, what is due at the very end included. All of RxJS's timers are virtual in it;
 * promises, async iterables and bare timers are not, and happen too late.
 *
 * @throws {Error} that shows expected and actual marbles, when an expectation is not met.
 */
export function virtualTime(
  script: (time: VirtualTime) => void,
  { until = '1h', seed = 1 }: VirtualTimeOptions = {},
): Report {
  const end = milliseconds(until)
  // RxJS changes it while a run goes on, which nothing else that is public tells
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  if (TestScheduler.frameTimeFactor === 1) {
    throw new Error('virtualTime: runs do not nest; a script opens as many connections as it likes')
  }
  const scheduler = new TestScheduler(() => undefined)
  keepInOrder(scheduler)
  boundTurns(scheduler)
  const random = seeded(seed)
  const scene = new Scene(scheduler, random, () => scheduler.now())
  const expectations = new Expectations(scene.journal)
  const escapes: Error[] = []
  let alive: Report['alive'] = []

  scene.returned = writer => {
    if (!isAsyncIterable(writer)) return
    escapes.push(
      new TypeError(
        'virtualTime: a handler returned an AsyncIterable, and its values come after the run: ' +
          'promises escape virtual time. Use stage() with the fake timers of your runner',
      ),
    )
  }

  scheduler.run(({ cold, hot, time }) => {
    let playing = true
    const at: VirtualTime['at'] = (when, action) => {
      const delay = milliseconds(when) - scheduler.now()
      if (delay < 0) {
        throw new TypeError(`at('${when}'): it is ${written(scheduler.now())} already`)
      }
      if (scheduler.now() + delay > end) {
        throw new TypeError(
          `at('${when}') is behind the end of the run, ${written(end)}; give it a later until`,
        )
      }
      // a promise is no mistake to the compiler here
      const act: () => unknown = action
      scheduler.schedule(() => refuseAsync('what at does', act()), delay)
    }
    const expectStream: VirtualTime['expectStream'] = subject =>
      expectations.stream(subject, expectStream)
    const expectClose: VirtualTime['expectClose'] = (connection, when, close) =>
      expectations.close(connection, when, close, expectClose)
    const play: (time: VirtualTime) => unknown = script
    const returned = play({
      cold: ((marbles: string, ...rest: []) => cold(spelled(marbles), ...rest)) as typeof cold,
      hot: ((marbles: string, ...rest: []) => {
        if (!playing) {
          throw new Error('hot: it emits from 0 ms on; make it in the script itself, not in at')
        }
        return hot(spelled(marbles), ...rest)
      }) as typeof hot,
      time,
      random,
      accept: (handler, options) => scene.accept(handler, options),
      connect: (handler, options) => scene.connect(handler, options),
      link: (handlers, options) => scene.link(handlers, options),
      serve: (handler, options) => scene.serve(handler, options),
      at,
      expectStream,
      expectClose,
    })
    refuseAsync('the script', returned)
    playing = false
    scheduler.maxFrames = end
    scheduler.flush()
    scheduler.frame = end
    alive = scene.end()
  })

  const failures = [...escapes, ...expectations.failures()]
  const [first] = failures
  if (first && failures.length > 1) {
    const message = failures.map(failure => failure.message).join('\n\n')
    first.stack = `${first.name}: ${first.stack?.slice(first.stack.indexOf(first.message)).replace(first.message, () => message) ?? message}`
    first.message = message
  }
  if (first) throw first
  return { alive, events: scene.journal.events }
}

function refuseAsync(what: string, returned: unknown): void {
  if (typeof (returned as PromiseLike<unknown> | null | undefined)?.then !== 'function') return
  throw new TypeError(`virtualTime: ${what} is not async; promises escape virtual time`)
}

function isAsyncIterable(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !isObservable(value) &&
    Symbol.asyncIterator in value
  )
}
