/** Stall: notices that a socket which is backed up takes nothing any more. */

import type { SchedulerLike, Subscription } from 'rxjs'
import { TimeoutError } from '../errors.js'

/** What can be seen of a socket's progress. */
export interface Progress {
  /** Whether it has room, and it is the source of a message that is slow. */
  readonly room: boolean
  /** Messages and pieces handed to it so far. */
  readonly handed: number
  /** What it has not written yet, in bytes. */
  readonly buffered: number
}

// How often it looks in the time that a stall takes.
const looks = 10

export class StallWatch {
  readonly #scheduler: SchedulerLike
  readonly #timeout: number
  readonly #progress: () => Progress
  readonly #stalled: (error: TimeoutError) => void
  #look: Subscription | undefined

  constructor(
    scheduler: SchedulerLike,
    timeout: number,
    progress: () => Progress,
    stalled: (error: TimeoutError) => void,
  ) {
    this.#scheduler = scheduler
    this.#timeout = timeout
    this.#progress = progress
    this.#stalled = stalled
  }

  /** The socket has backed up. */
  start(): void {
    let last = this.#progress()
    let still = 0
    const look = () => {
      const now = this.#progress()
      // a write came through: there is less, or room for more
      const moved = now.room || now.handed > last.handed || now.buffered < last.buffered
      still = moved ? 0 : still + 1
      last = now
      this.#look = this.#scheduler.schedule(look, this.#timeout / looks)
      if (still < looks) return
      // a closing connection may stall once more
      still = 0
      this.#stalled(new TimeoutError('stall', this.#timeout))
    }
    this.#look = this.#scheduler.schedule(look, this.#timeout / looks)
  }

  /** The socket has drained, or is gone. */
  stop(): void {
    this.#look?.unsubscribe()
    this.#look = undefined
  }
}
