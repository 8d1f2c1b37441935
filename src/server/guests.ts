/** Guests: requests that wait to be let in, for as long as their clients do, and there is time. */

import type { Duplex } from 'node:stream'
import { type Observable, type SchedulerLike, Subscription } from 'rxjs'

/** What became of waiting for an answer; of nobody is told when the client has left. */
export interface Waiting<T> {
  readonly answered: (answer: T) => void
  /** The answer is an error. */
  readonly failed: (cause: unknown) => void
  /** It took longer than there is time. */
  readonly late: () => void
  /** Nobody gets in any more. */
  readonly dismissed: () => void
}

export class Guests {
  readonly #scheduler: SchedulerLike
  readonly #leave = new Set<() => void>()

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler
  }

  /** Sends all of them away. */
  dismiss(): void {
    for (const leave of [...this.#leave]) leave()
  }

  wait<T>(
    tcp: Duplex,
    answer: Observable<T>,
    milliseconds: number | undefined,
    { answered, failed, late, dismissed }: Waiting<T>,
  ): void {
    const waiting = new Subscription()
    const settle = (then?: () => void) => {
      if (waiting.closed) return
      waiting.unsubscribe()
      then?.()
    }
    const leave = () => settle(dismissed)
    // nobody reads yet, and without that nobody sees it end either
    const look = () => void tcp.read(0)
    const left = () => {
      settle()
      tcp.destroy()
    }
    this.#leave.add(leave)
    tcp.on('readable', look).on('end', left).on('close', left)
    waiting.add(() => {
      this.#leave.delete(leave)
      tcp.off('readable', look).off('end', left).off('close', left)
    })
    if (milliseconds !== undefined) {
      waiting.add(this.#scheduler.schedule(() => settle(late), milliseconds))
    }
    waiting.add(
      answer.subscribe({
        next: value => settle(() => answered(value)),
        error: (cause: unknown) => settle(() => failed(cause)),
      }),
    )
  }
}
