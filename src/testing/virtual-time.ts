/** Virtual time: runs whole connections, their machines, streams and timers, on one virtual clock. */

import type { Observable } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import type { Close } from '../close.js'
import type { Connection, Handler } from '../connection/connection.js'
import type { Random } from '../random.js'
import type { Message } from '../socket.js'
import { seeded } from './chance.js'
import { type Duration, milliseconds } from './duration.js'
import { like } from './equal.js'
import { explain, lettersOr, sameMessages } from './marbles.js'
import { Recording, type TestMessages } from './recording.js'
import {
  type Ended,
  type LinkOptions,
  type OneEnded,
  type OneEndedOptions,
  Stage,
} from './stage.js'
import type { Link } from './link.js'

/** How a run goes. */
export interface VirtualTimeOptions {
  /** When it ends, whatever still lives. Default one virtual hour. */
  until?: Duration | undefined
  /** For jitter and whatever else is left to chance: the same seed gives the same run. Default 1. */
  seed?: number | undefined
}

/** What became of a run. */
export interface Report {
  /** The connections that still lived when the run ended, and were closed by its end. */
  readonly alive: readonly Connection<unknown, never>[]
  /** All that happened, in order: `5s server ◀ text hello`. */
  readonly events: readonly string[]
}

/** Compares what came, and when, with marbles. */
export interface Expectation<T> {
  toBe(marbles: string, values?: Readonly<Record<string, T>>, error?: unknown): void
}

/** What a script has to work with. Everything happens after it has returned, from 0 ms on. */
export interface VirtualTime {
  readonly cold: RunHelpers['cold']
  readonly hot: RunHelpers['hot']
  readonly time: RunHelpers['time']
  /** A connection as a server has it, open from 0 ms, and the scripted peer at its far end. */
  accept<In = Message, Out = In>(
    this: void,
    handler?: NoInfer<Handler<In, Out>>,
    options?: OneEndedOptions<In, Out>,
  ): OneEnded<In, Out>
  /** A connection as a client has it, connecting at 0 ms, and the scripted server at its far end. */
  connect<In = Message, Out = In>(
    this: void,
    handler?: NoInfer<Handler<In, Out>>,
    options?: OneEndedOptions<In, Out>,
  ): OneEnded<In, Out>
  /** A server's connection and a client's, joined by a wire. */
  link<In = Message, Out = In>(
    this: void,
    handlers: {
      server?: NoInfer<Handler<In, Out>>
      client?: NoInfer<Handler<Out, In>>
    },
    options?: LinkOptions<In, Out>,
  ): Link<In, Out, Out, In>
  /** Does something at a time: `at('5s', () => peer.close(4001))`. */
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
 * Runs a script in virtual time: hours take milliseconds, and every run ends. All of RxJS's timers
 * are virtual in it; promises, async iterables and bare timers are not, and happen too late.
 *
 * @throws {Error} that shows expected and actual marbles, when an expectation is not met.
 */
export function virtualTime(
  script: (time: VirtualTime) => void,
  { until = '1h', seed = 1 }: VirtualTimeOptions = {},
): Report {
  const end = milliseconds(until)
  const scheduler = new TestScheduler(() => undefined)
  const random = seeded(seed)
  const stage = new Stage(scheduler, random)
  const checks: (() => Error | undefined)[] = []
  let alive: Ended = []

  const record = <T>(subject: Observable<T> | Recording<T>) =>
    subject instanceof Recording ? subject : stage.recording<T>().follow(subject)

  const compare = (
    subject: string,
    recording: Recording<unknown>,
    expected: TestMessages,
    values: Readonly<Record<string, unknown>>,
  ) => {
    // made here, so that its stack shows the line of the test
    const failure = new Error(subject)
    checks.push(() => {
      if (sameMessages(recording.messages, expected)) return undefined
      failure.message = explain(subject, expected, recording.messages, values)
      return failure
    })
  }

  scheduler.run(({ cold, hot, time }) => {
    // a promise is no mistake to the compiler here
    const play: (time: VirtualTime) => unknown = script
    const returned = play({
      cold,
      hot,
      time,
      random,
      accept: (handler, options) => stage.accept(handler, options),
      connect: (handler, options) => stage.connect(handler, options),
      link: (handlers, options) => stage.link(handlers, options),
      at(when, action) {
        scheduler.schedule(() => {
          action()
        }, milliseconds(when))
      },
      expectStream(subject) {
        const recording = record(subject)
        return {
          toBe(marbles, values = {}, error) {
            const expected = TestScheduler.parseMarbles(
              marbles,
              lettersOr(values),
              error,
              true,
              true,
            )
            compare(`expectStream(…).toBe('${marbles.trim()}')`, recording, expected, values)
          },
        }
      },
      expectClose(connection, when, close) {
        const frame = milliseconds(when)
        const value = like(close)
        compare(
          `expectClose at ${when}`,
          record(connection.closed),
          [
            { frame, notification: { kind: 'N', value } },
            { frame, notification: { kind: 'C' } },
          ],
          {},
        )
      },
    })
    if (returned instanceof Promise) {
      throw new TypeError('virtualTime: the script is not async; promises escape virtual time')
    }
    scheduler.maxFrames = end
    scheduler.schedule(() => {
      alive = stage.end()
    }, end)
  })

  const failures = checks.map(check => check()).filter(failure => failure !== undefined)
  const [first] = failures
  if (first) {
    first.message = failures.map(({ message }) => message).join('\n\n')
    throw first
  }
  return { alive, events: stage.events }
}
