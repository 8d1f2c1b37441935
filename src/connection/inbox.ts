/**
 * Inbox: messages read with `for await`, held until they are asked for. Bounded by pausing the
 * socket, or, where that can't be paused, by closing.
 */

import type { Observable, Subscription } from 'rxjs'
import { OverflowError } from '../errors.js'
import type { Brake } from './brake.js'

/** What an inbox needs to know of its connection. */
export interface InboxHost<In> {
  readonly messages: Observable<In>
  /** The bytes of the message that is being delivered. */
  readonly arriving: number
  /** More came than it holds, and reading can't be paused. */
  overflowed(error: OverflowError): void
  /** The loop was left before the connection ended. */
  left(): void
}

// Beyond it reading pauses too: empty messages have no bytes, and are not free.
const most = 10_000

interface Waiting<In> {
  readonly value: In
  readonly bytes: number
}

export class Inbox<In> implements AsyncIterableIterator<In> {
  readonly #brake: Brake
  readonly #limit: number
  readonly #host: InboxHost<In>
  readonly #subscription: Subscription
  readonly #asking: ((result: IteratorResult<In, undefined>) => void)[] = []
  #queue: Waiting<In>[] = []
  #bytes = 0
  #ended = false

  constructor(brake: Brake, limit: number, host: InboxHost<In>) {
    this.#brake = brake
    this.#limit = limit
    this.#host = host
    this.#subscription = host.messages.subscribe({
      next: value => this.#take(value),
      complete: () => this.#end(),
    })
  }

  #take(value: In): void {
    const ask = this.#asking.shift()
    if (ask) {
      ask({ done: false, value })
      return
    }
    const bytes = this.#host.arriving
    this.#queue.push({ value, bytes })
    this.#bytes += bytes
    // what the socket had read already still comes: the mark is where pausing starts, not the end
    if (this.#bytes < this.#limit && this.#queue.length < most) return
    if (this.#brake.works) this.#brake.hold('inbox')
    else this.#host.overflowed(this.#overflow())
  }

  #overflow(): OverflowError {
    return new OverflowError(
      `The inbox holds ${this.#queue.length} messages of ${this.#bytes} bytes; ` +
        `its bounds are ${most} messages and ${this.#limit} bytes`,
    )
  }

  #end(): void {
    this.#ended = true
    for (const ask of this.#asking.splice(0)) ask({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<In, undefined>> {
    const waiting = this.#queue.shift()
    if (waiting) {
      this.#bytes -= waiting.bytes
      if (this.#bytes <= this.#limit / 2 && this.#queue.length <= most / 2) {
        this.#brake.release('inbox')
      }
      return Promise.resolve({ done: false, value: waiting.value })
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise(resolve => this.#asking.push(resolve))
  }

  return(): Promise<IteratorResult<In, undefined>> {
    this.#queue = []
    this.#bytes = 0
    this.#subscription.unsubscribe()
    this.#brake.release('inbox')
    this.#end()
    this.#host.left()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
