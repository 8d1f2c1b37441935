/** Reconnect: opens the next connection when one has ended, after a wait, where that can help. */

import {
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  NEVER,
  type Observable,
  race,
  retry,
  switchMap,
  take,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { type Close, CloseCode } from '../close.js'
import type { State } from '../connection/machine.js'
import { systemTiming, type Timing, timingOf } from '../connection/timing.js'
import { mayReconnect, retryAfter } from '../ending.js'
import { ClosedError, HandshakeError } from '../errors.js'
import { callable, group, observable, period, refused, whole } from '../option.js'
import { askedToWait, waitBefore } from './backoff.js'
import { online } from './online.js'

/** When, and how often, to try again; times in ms. */
export interface ReconnectOptions {
  /** The most that the first wait takes; each further one may take twice as long. Default 250. */
  from?: number | undefined
  /** The most that any wait takes, but for what a server asks for. Default 30 s. */
  to?: number | undefined
  /** How long a connection must have been open for the waits to be short again. Default 10 s. */
  stableAfter?: number | undefined
  /** After so many attempts in a row that have failed it gives up. Default: never. */
  maxAttempts?: number | undefined
  /**
   * Whether an ending is tried again. Default: as {@link retryAfter} says; five failures in a row of
   * which the last is 1011 are enough.
   */
  mayReconnect?: ((close: Close) => boolean) | undefined
  /**
   * Whether there is a network, now and each change; nothing is tried while there is none, or before
   * it has said so. Default: what a browser says.
   */
  online?: Observable<boolean> | undefined
}

/** What is reconnected: a connection, as far as this needs to know it. */
export interface Reconnectable {
  /** Its states, as those of a connection: `open` begins a stable time. */
  readonly states: Observable<State>
}

/**
 * Makes the connections of {@link connect} one after the other: where its Observable errors, and
 * trying again can help, it is subscribed to once more after a wait that grows and is left to
 * chance. What can't help, or too many attempts, are the error of the whole.
 *
 * Clock and dice are those of the connections. In browsers it waits while there is no network, and
 * tries at once when that is back. A server that says 1012, 1013 or `Retry-After` is obeyed.
 *
 * @throws {TypeError} for an option that makes no sense.
 */
export function reconnect(
  options: ReconnectOptions = {},
): <C extends Reconnectable>(connections: Observable<C>) => Observable<C> {
  const policy = readReconnect('reconnect', options)
  return connections => reconnecting(connections, policy)
}

/** What is waited for after an ending. */
export interface Pause {
  readonly close: Close
  /** How many attempts have failed in a row. */
  readonly failed: number
  /** When it goes on, by the clock of the connections; `undefined` while there is no network. */
  readonly until: number | undefined
}

export interface Policy {
  readonly from: number
  readonly to: number
  readonly stableAfter: number
  readonly goesOn: (close: Close, failed: number) => boolean
  readonly online: Observable<boolean>
}

// A server that fails at something is given so many tries.
const few = 5

/** @throws {TypeError} for an option that makes no sense. */
export function readReconnect(name: string, options: ReconnectOptions): Policy {
  const given = group(name, options, [
    'from',
    'to',
    'stableAfter',
    'maxAttempts',
    'mayReconnect',
    'online',
  ])
  const at = (option: string) => `${name}: ${option}`
  const to = period(at('to'), given.to, Math.max(30_000, given.from ?? 0))
  const from = period(at('from'), given.from, Math.min(250, to))
  if (from > to) refused(at('from'), from, `at most \`to\`, ${to} ms`)
  const most = whole(at('maxAttempts'), given.maxAttempts, Number.MAX_SAFE_INTEGER, 1, 2 ** 31 - 1)
  const wanted = callable(at('mayReconnect'), given.mayReconnect)
  const preset = (close: Close, failed: number) =>
    mayReconnect(close) && (retryAfter(close) !== 'a few times' || failed < few)
  return {
    from,
    to,
    stableAfter: period(at('stableAfter'), given.stableAfter, 10_000),
    goesOn: (close, failed) => failed < most && (wanted ? wanted(close) : preset(close, failed)),
    online: observable(at('online'), given.online) ?? online(),
  }
}

/** `paused` is told of each wait; what `nudge` emits ends one. */
export function reconnecting<C extends Reconnectable>(
  connections: Observable<C>,
  policy: Policy,
  paused: (pause: Pause) => void = () => undefined,
  nudge: Observable<unknown> = NEVER,
): Observable<C> {
  return defer(() => {
    // the waits since a connection was stable, and whether there was one
    let waits = 0
    let stable = false
    let timing: Timing = systemTiming
    return connections.pipe(
      tap(connection => {
        timing = timingOf(connection)
        const { scheduler } = timing
        connection.states
          .pipe(
            switchMap(state => (state === 'open' ? timer(policy.stableAfter, scheduler) : EMPTY)),
          )
          .subscribe(() => {
            waits = 0
            stable = true
          })
      }),
      retry({
        delay: (error: unknown) => {
          const close = closeOf(error)
          // the one that was stable is no failure
          const failed = stable ? waits : waits + 1
          if (!close || !policy.goesOn(close, failed)) return throwError(() => error)
          const { wait, obeys } = waitAfter(close, waits, policy, timing)
          waits++
          const { scheduler } = timing
          const due = scheduler.now() + wait
          // one that ends has said what it knows
          const passed = concat(policy.online, NEVER).pipe(
            distinctUntilChanged(),
            switchMap((online, changes) => {
              // back again it tries at once, unless the server wanted time
              const until = changes > 0 && !obeys ? scheduler.now() : due
              paused({ close, failed, until: online ? until : undefined })
              return online ? timer(Math.max(0, until - scheduler.now()), scheduler) : NEVER
            }),
          )
          // nudge first: whoever is told of the wait may end it at once
          return race(nudge, passed).pipe(take(1))
        },
      }),
    )
  })
}

function waitAfter(close: Close, waits: number, policy: Policy, timing: Timing) {
  const { scheduler, random } = timing
  const retry = retryAfter(close)
  const wait = waitBefore(retry, waits, policy, random)
  const asked =
    close.cause instanceof HandshakeError ? askedToWait(close.cause, scheduler.now()) : 0
  return { wait: asked + wait, obeys: asked > 0 || retry === 'later' || retry === 'spread out' }
}

function closeOf(error: unknown): Close | undefined {
  if (error instanceof ClosedError) return error.close
  if (!(error instanceof HandshakeError)) return undefined
  const by = error.status === undefined ? 'network' : 'peer'
  return { code: CloseCode.abnormal, reason: '', wasClean: false, by, cause: error }
}
