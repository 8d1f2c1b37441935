/** Expectations: what a script says must happen, compared when the run has ended. */

import type { Observable } from 'rxjs'
import type { Close } from '../close.js'
import { type Duration, milliseconds } from './duration.js'
import { explain, sameMessages } from './explain.js'
import type { Journal } from './journal.js'
import { like } from './like.js'
import { parse } from './marbles.js'
import type { Recording, TestMessages } from './recording.js'

/** Compares what came, and when, with marbles. */
export interface Expectation<T> {
  /**
   * Says in marbles what came, and when; `values` are what its letters stand for, `error` what `#`
   * does. Compared when the run has ended.
   */
  toBe(marbles: string, values?: Readonly<Record<string, T>>, error?: unknown): void
}

/** The function of the kit that the test called: the stack of a failure begins above it. */
type Called = (...args: never[]) => unknown

const longest = 60

export class Expectations {
  readonly #journal: Journal
  readonly #checks: (() => Error | undefined)[] = []

  constructor(journal: Journal) {
    this.#journal = journal
  }

  stream<T>(subject: Observable<T> | Recording<T>, called: Called): Expectation<T> {
    const recording = this.#journal.follow(subject)
    const name = `expectStream(${this.#journal.nameOf(subject)})`
    let compared = false
    const forgotten = new Failure(called)
    this.#checks.push(() =>
      compared
        ? undefined
        : forgotten.saying(`${name} expects nothing: say .toBe('…'), or .toBe('') for silence`),
    )
    const toBe: Expectation<T>['toBe'] = (marbles, values = {}, error) => {
      compared = true
      const shown = marbles.trim()
      const cut = shown.length > longest ? `${shown.slice(0, longest)}…` : shown
      const expected = parse(marbles, values, error)
      this.#compare(`${name}.toBe('${cut}')`, recording, expected, values, toBe)
    }
    return { toBe }
  }

  close(
    connection: { closed: Observable<Close> },
    when: Duration,
    close: Partial<Close>,
    called: Called,
  ): void {
    const frame = milliseconds(when)
    const name = this.#journal.nameOf(connection)
    this.#compare(
      `expectClose${name === '…' ? '' : ` of ${name}`} at ${when}`,
      this.#journal.follow(connection.closed),
      [
        { frame, notification: { kind: 'N', value: like(close) } },
        { frame, notification: { kind: 'C' } },
      ],
      {},
      called,
    )
  }

  /** What was not as expected. */
  failures(): Error[] {
    return this.#checks.map(check => check()).filter(failure => failure !== undefined)
  }

  #compare(
    subject: string,
    recording: Recording<unknown>,
    expected: TestMessages,
    values: Readonly<Record<string, unknown>>,
    called: Called,
  ): void {
    const failure = new Failure(called)
    this.#checks.push(() =>
      sameMessages(recording.messages, expected)
        ? undefined
        : failure.saying(explain(subject, expected, recording.messages, values)),
    )
  }
}

// Made where the test says what it expects, as its stack is to show that line.
class Failure {
  readonly #place: { stack?: string } = {}

  constructor(called: Called) {
    const { captureStackTrace } = Error as Partial<Pick<typeof Error, 'captureStackTrace'>>
    if (captureStackTrace) captureStackTrace(this.#place, called)
    else this.#place = new Error()
  }

  saying(message: string): Error {
    const error = new Error(message)
    const frames = this.#place.stack?.replace(/^(?!\s+at )[^\n]*\n/, '') ?? ''
    error.stack = `${error.name}: ${message}\n${frames}`
    return error
  }
}
