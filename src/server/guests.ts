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

// What a guest may send before it is let in.
const mostEarly = 16 * 1024

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
    const left = () => {
      settle()
      tcp.destroy()
    }
    // nobody reads yet, and without that nobody sees it end either. Not by 'readable': Node resumes
    // a stream a tick after the last such listener has gone, whoever has paused it meanwhile.
    const early: Buffer[] = []
    let bytes = 0
    const keep = (data: Buffer) => {
      early.push(data)
      bytes += data.byteLength
      // a client has nothing to say before it is answered
      if (bytes > mostEarly) left()
    }
    this.#leave.add(leave)
    tcp.on('data', keep).on('end', left).on('close', left)
    waiting.add(() => {
      this.#leave.delete(leave)
      tcp.off('data', keep).off('end', left).off('close', left)
      if (bytes > 0 && !tcp.destroyed && !tcp.readableEnded) tcp.unshift(Buffer.concat(early))
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
