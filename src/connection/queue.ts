/** Queue: messages that wait to be sent, in order, with their bytes. */

import type { Fragments } from '../fragments.js'
import type { Prepared } from '../prepare.js'
import type { Message } from '../socket.js'

/** What can wait: encoded, in pieces, or framed already. */
export type Queued = Message | Fragments | Prepared<never>

/** A message that waits. */
export interface Waiting {
  readonly message: Queued
  readonly bytes: number
}

/** What an outbox asks of a queue. */
export interface Queue {
  readonly messages: number
  readonly bytes: number
  /** Adds a message; returns how many were replaced by it. */
  add(waiting: Waiting, key: unknown): number
  first(): Waiting | undefined
  dropFirst(): void
  dropLast(): void
  clear(): void
}

/** First in, first out. */
export class Fifo implements Queue {
  #waiting: Waiting[] = []
  #head = 0
  bytes = 0

  get messages(): number {
    return this.#waiting.length - this.#head
  }

  add(waiting: Waiting): number {
    this.#waiting.push(waiting)
    this.bytes += waiting.bytes
    return 0
  }

  first(): Waiting | undefined {
    return this.#waiting[this.#head]
  }

  dropFirst(): void {
    this.bytes -= this.first()?.bytes ?? 0
    this.#head++
    // forget what is gone once it is the larger part: each message is moved once on the average
    if (this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }

  dropLast(): void {
    this.bytes -= this.#waiting.pop()?.bytes ?? 0
  }

  clear(): void {
    this.#waiting = []
    this.#head = 0
    this.bytes = 0
  }
}

/** The newest of each key, in the order in which the keys came. */
export class Conflating implements Queue {
  readonly #waiting = new Map<unknown, Waiting>()
  bytes = 0

  get messages(): number {
    return this.#waiting.size
  }

  add(waiting: Waiting, key: unknown): number {
    const replaced = this.#waiting.get(key)
    this.#waiting.set(key, waiting)
    this.bytes += waiting.bytes - (replaced?.bytes ?? 0)
    return replaced ? 1 : 0
  }

  first(): Waiting | undefined {
    return this.#waiting.values().next().value
  }

  dropFirst(): void {
    for (const [key, { bytes }] of this.#waiting) {
      this.#waiting.delete(key)
      this.bytes -= bytes
      return
    }
  }

  dropLast(): void {
    const last = [...this.#waiting].at(-1)
    if (!last) return
    this.#waiting.delete(last[0])
    this.bytes -= last[1].bytes
  }

  clear(): void {
    this.#waiting.clear()
    this.bytes = 0
  }
}
