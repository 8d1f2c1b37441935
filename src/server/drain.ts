/** Drain: sends all connections away, in time, and tells how far it has come. */

import { Observable, ReplaySubject, type SchedulerLike, type Subscription } from 'rxjs'
import { CloseCode, cutReason, isSendable } from '../close.js'
import type { State } from '../connection/machine.js'
import { duration, group, refused, text, whole } from '../option.js'
import { TimeoutError } from '../errors.js'

/** How to drain; times in ms. */
export interface DrainOptions {
  /** What clients are told. Default 1012: the service restarts. */
  code?: number | undefined
  /** Why, in the Close frame: cut to 123 bytes. Default `'server restarting'`. */
  reason?: string | undefined
  /** Spreads the closing over so much time, as all of them will be back. Default 0: at once. */
  over?: number | undefined
  /** When whatever is left is terminated, from the call on. Default `over` and 30 s. */
  deadline?: number | undefined
}

/** How far a drain has come, in connections. */
export interface DrainProgress {
  /** Those that are open. */
  readonly open: number
  /** Those that were told, and have not gone yet. */
  readonly closing: number
  /** Those that are gone. */
  readonly closed: number
  /** Those that are open or closing. */
  readonly left: number
}

/** What a drain does with a connection. */
export interface Drained {
  readonly state: State
  /** Sends what is queued, however long it takes, then the Close frame. */
  drain(code: number, reason: string): void
  abandon(cause: Error): void
}

// Closing is spread in steps of this many ms.
const step = 100

export class Drain {
  readonly #connections: Iterable<Drained> & { readonly size: number }
  readonly #scheduler: SchedulerLike
  readonly #progress = new ReplaySubject<DrainProgress>(1)
  readonly #timers: Subscription[] = []
  #telling: Subscription | undefined
  #total: number | undefined
  #ended = false

  constructor(
    connections: Iterable<Drained> & { readonly size: number },
    scheduler: SchedulerLike,
  ) {
    this.#connections = connections
    this.#scheduler = scheduler
  }

  get progress(): Observable<DrainProgress> {
    return this.#progress.asObservable()
  }

  /**
   * Begins, or hastens what has begun.
   *
   * @throws {TypeError} for an option that makes no sense; nothing has begun then.
   */
  begin(options: DrainOptions): void {
    const given = group('drain', options, ['code', 'reason', 'over', 'deadline'])
    const { code = CloseCode.serviceRestart } = given
    if (!isSendable(code)) {
      refused('drain: code', code, 'one that may be sent: 1000–1003, 1007–1014, 3000–4999')
    }
    const reason = cutReason(
      text('drain: reason', given.reason, /^/, 'a text') ?? 'server restarting',
    )
    const over = whole('drain: over', given.over, 0, 0, 2 ** 31 - 1)
    const preset = Math.min(over + 30_000, 2 ** 31 - 1)
    const deadline = duration('drain: deadline', given.deadline, preset)
    if (deadline === undefined || deadline < over) {
      refused('drain: deadline', given.deadline, 'a duration of `over` or more; it is never off')
    }

    if (this.#ended) return
    this.#total ??= this.#connections.size
    const open = [...this.#connections].filter(({ state }) => state === 'open')
    const steps = Math.max(1, Math.min(open.length, Math.ceil(over / step)))
    for (let at = 0; at < steps; at++) {
      const some = open.slice((at * open.length) / steps, ((at + 1) * open.length) / steps)
      const close = () => {
        for (const connection of some) connection.drain(code, reason)
        this.tell()
      }
      if (at === 0) close()
      else this.#after((at * over) / steps, close)
    }
    this.#after(deadline, () => {
      const cause = new TimeoutError('drain', deadline)
      for (const connection of this.#connections) {
        // one whose turn has not come is ended by this side all the same
        connection.drain(code, reason)
        connection.abandon(cause)
      }
    })
    this.#tellNow()
  }

  /** A connection has ended: tells, once a turn however many they are. */
  tell(): void {
    this.#telling ??= this.#scheduler.schedule(() => this.#tellNow())
  }

  /** All are gone. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const timer of this.#timers) timer.unsubscribe()
    this.#tellNow()
    this.#progress.complete()
  }

  #tellNow(): void {
    this.#telling?.unsubscribe()
    this.#telling = undefined
    const left = this.#connections.size
    let open = 0
    for (const { state } of this.#connections) if (state === 'open') open++
    const closed = (this.#total ?? left) - left
    this.#progress.next({ open, closing: left - open, closed, left })
  }

  #after(milliseconds: number, action: () => void): void {
    this.#timers.push(this.#scheduler.schedule(() => action(), milliseconds))
  }
}
