/** Backlog: what a session is given to send while it has no connection. Bounded, or off. */

import type { Codec } from '../codec.js'
import type { Sendable } from '../connection/writer.js'
import { isFragments } from '../fragments.js'
import { isPrepared, prepare, prepared } from '../prepare.js'
import { report } from '../report.js'

/** The bounds of a backlog. */
export interface BacklogBounds {
  readonly messages: number
  readonly bytes: number
}

export class Backlog<Out> {
  readonly #codec: Codec<unknown, Out>
  readonly #bounds: BacklogBounds | undefined
  #waiting: Sendable<Out>[] = []
  /** Bytes that wait. */
  bytes = 0
  /** Messages that waited and were never sent. */
  dropped = 0
  /** Messages that were not taken. */
  refused = 0

  constructor(codec: Codec<unknown, Out>, bounds: BacklogBounds | undefined) {
    this.#codec = codec
    this.#bounds = bounds
  }

  /** How many messages wait. */
  get messages(): number {
    return this.#waiting.length
  }

  /** Takes a message: true; or counts it as refused: there is no room, or it can't be encoded. */
  add(message: Sendable<Out>): boolean {
    return this.counted(this.#bounds !== undefined && this.#take(message, this.#bounds))
  }

  /** Counts what was not taken, here or by a connection. */
  counted(taken: boolean): boolean {
    if (!taken) this.refused++
    return taken
  }

  #take(message: Sendable<Out>, bounds: BacklogBounds): boolean {
    if (this.messages >= bounds.messages) return false
    let ready = message
    let bytes = 0
    // nobody knows the bytes of a message whose pieces are not made yet
    if (!isFragments(message)) {
      try {
        // encoded now: whoever sends may change the value behind this
        const made = isPrepared(message) ? message : prepare(message, this.#codec)
        bytes = made[prepared].frame.byteLength
        ready = made
      } catch (error) {
        report(error)
        return false
      }
    }
    if (this.bytes + bytes > bounds.bytes) return false
    this.#waiting.push(ready)
    this.bytes += bytes
    return true
  }

  /** Gives away what waits, in order; from then on it is somebody else's. */
  flush(send: (message: Sendable<Out>) => boolean): void {
    for (const message of this.#empty()) if (!send(message)) this.dropped++
  }

  /** Throws away what waits, and counts it. */
  discard(): void {
    this.dropped += this.#empty().length
  }

  #empty(): readonly Sendable<Out>[] {
    const waiting = this.#waiting
    this.#waiting = []
    this.bytes = 0
    return waiting
  }
}
