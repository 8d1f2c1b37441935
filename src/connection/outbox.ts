/** Outbox: where messages wait while the socket is not open yet, or is backed up. Bounded. */

import type { SchedulerLike, Subscription } from 'rxjs'
import { OverflowError } from '../errors.js'
import { byteLength, highWater, type Message, type Socket } from '../socket.js'
import type { State } from './machine.js'

/** What an outbox needs to know of its connection. */
export interface OutboxHost {
  state(): State
  /** More waits than the bounds allow. */
  overflowed(error: OverflowError): void
}

/** The bounds of an outbox. */
export interface OutboxBounds {
  readonly bytes: number
  readonly messages: number
}

// A writer may emit a whole history in one turn to a healthy peer; a runaway may not eat the heap.
const runaway = 16

interface Waiting {
  readonly message: Message
  readonly bytes: number
}

export class Outbox {
  readonly #socket: Socket
  readonly #bounds: OutboxBounds
  readonly #scheduler: SchedulerLike
  readonly #host: OutboxHost
  #queue: Waiting[] = []
  #head = 0
  #bytes = 0
  #judgement: Subscription | undefined
  #onIdle: (() => void) | undefined
  #onEmpty: (() => void) | undefined
  #onDrain: (() => void) | undefined
  /** Messages handed to the socket. */
  sent = 0
  /** Messages taken that were never handed to the socket. */
  dropped = 0

  constructor(socket: Socket, bounds: OutboxBounds, scheduler: SchedulerLike, host: OutboxHost) {
    this.#socket = socket
    this.#bounds = bounds
    this.#scheduler = scheduler
    this.#host = host
  }

  /** How many messages wait. */
  get messages(): number {
    return this.#queue.length - this.#head
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether the socket would take a message right now. */
  get idle(): boolean {
    return this.messages === 0 && this.#takes()
  }

  #takes(): boolean {
    return this.#host.state() !== 'connecting' && this.#socket.bufferedAmount < highWater
  }

  /** Hands the message to the socket, or queues it behind those that wait. */
  push(message: Message): void {
    if (this.idle) {
      this.sent++
      this.#socket.send(message)
      return
    }
    const bytes = byteLength(message)
    this.#queue.push({ message, bytes })
    this.#bytes += bytes
    this.#awaitDrain()
    this.#judgeLater()
  }

  /** Sends what waits, as far as the socket takes it. */
  flush(): void {
    for (
      let next = this.#queue[this.#head];
      next && this.#takes();
      next = this.#queue[this.#head]
    ) {
      this.#head++
      this.#bytes -= next.bytes
      this.sent++
      this.#socket.send(next.message)
    }
    // forget what is sent once it is the larger part: each message is moved once on the average
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    if (this.messages > 0) return
    const onEmpty = this.#onEmpty
    this.#onEmpty = undefined
    onEmpty?.()
    if (!this.idle) return
    const onIdle = this.#onIdle
    this.#onIdle = undefined
    onIdle?.()
  }

  /** Calls back, once, as soon as the socket takes messages; at once when it does already. */
  whenIdle(then: () => void): void {
    if (this.idle) {
      then()
    } else {
      this.#onIdle = then
      this.#awaitDrain()
    }
  }

  /** Calls back, once, as soon as nothing waits here; at once when that is so already. */
  whenEmpty(then: () => void): void {
    if (this.messages === 0) then()
    else this.#onEmpty = then
  }

  // most connections never back up: they get no listener
  #awaitDrain(): void {
    if (this.#onDrain) return
    this.#onDrain = () => this.flush()
    this.#socket.addListener('drain', this.#onDrain)
  }

  /** Throws away what waits, and counts it. */
  discard(): void {
    this.dropped += this.messages
    this.#queue = []
    this.#head = 0
    this.#bytes = 0
  }

  /** The connection has ended: nothing waits, nothing will. */
  end(): void {
    this.discard()
    this.#judgement?.unsubscribe()
    this.#onIdle = this.#onEmpty = undefined
    if (this.#onDrain) this.#socket.removeListener('drain', this.#onDrain)
  }

  #exceeds(times: number): boolean {
    return this.messages > this.#bounds.messages * times || this.#bytes > this.#bounds.bytes * times
  }

  // The end of a turn is when it counts: by then a healthy peer has taken what was emitted at once.
  #judgeLater(): void {
    if (this.#exceeds(runaway)) this.#judge()
    else if (this.#exceeds(1)) this.#judgement ??= this.#scheduler.schedule(() => this.#judge())
  }

  #judge(): void {
    this.#judgement?.unsubscribe()
    this.#judgement = undefined
    if (!this.#exceeds(1) || this.#host.state() === 'closing') return
    this.#host.overflowed(
      new OverflowError(
        `The outbox holds ${this.messages} messages of ${this.#bytes} bytes; ` +
          `its bounds are ${this.#bounds.messages} messages and ${this.#bounds.bytes} bytes`,
      ),
    )
  }
}
