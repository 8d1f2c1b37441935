/** Outbox: where messages wait while the socket is not open yet, or is backed up. Bounded. */

import type { SchedulerLike, Subscription } from 'rxjs'
import { OverflowError, type TimeoutError } from '../errors.js'
import { isFragments } from '../fragments.js'
import { isPrepared, prepared } from '../prepare.js'
import { byteLength, highWater, type Socket } from '../socket.js'
import type { State } from './machine.js'
import type { Overflow } from './overflow.js'
import { Pieces } from './pieces.js'
import { Conflating, Fifo, type Queue, type Queued } from './queue.js'
import { StallWatch } from './stall.js'

/** What an outbox needs to know of its connection. */
export interface OutboxHost {
  state(): State
  /** More waits than the bounds allow, and the policy is to close. */
  overflowed(error: OverflowError): void
  /** What is sent can't be had any more: the writer, or a message in pieces, has failed. */
  errored(error: unknown): void
  /** The socket took nothing for so long. */
  stalled(error: TimeoutError): void
  /** The socket backs up, or is free again. */
  backedUp(yes: boolean): void
  /** Messages were dropped. */
  dropped(): void
}

/** The bounds of an outbox. */
export interface OutboxBounds {
  readonly bytes: number
  readonly messages: number
  readonly overflow: Overflow<never>
  /** In ms; `undefined` is off. */
  readonly stall: number | undefined
}

// A writer may emit a whole history in one turn to a healthy peer; a runaway may not eat the heap.
const runaway = 16

export class Outbox {
  readonly #socket: Socket
  readonly #bounds: OutboxBounds
  readonly #scheduler: SchedulerLike
  readonly #host: OutboxHost
  // made with the first message that has to wait
  #queue: Queue | undefined
  #judgement: Subscription | undefined
  #watch: StallWatch | undefined
  #onIdle: (() => void) | undefined
  #onEmpty: (() => void) | undefined
  #onDrain: (() => void) | undefined
  /** Told of each message that was handed to the socket, while somebody inspects the connection. */
  tap: ((message: Queued) => void) | undefined
  // the message in pieces that is on its way
  #pieces: Pieces | undefined
  /** Whether messages wait for the socket, or would have to. */
  backedUp = false
  /** Messages handed to the socket. */
  sent = 0
  /** Messages, and pieces of messages, handed to the socket: what a stall has none of. */
  handed = 0
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
    return this.#queue?.messages ?? 0
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#queue?.bytes ?? 0
  }

  /** Whether nothing waits, nor would have to. */
  get idle(): boolean {
    return this.messages === 0 && !this.#pieces && this.#takes()
  }

  #takes(): boolean {
    return this.#host.state() !== 'connecting' && this.#socket.bufferedAmount < highWater
  }

  /**
   * Hands the message to the socket, or queues it behind those that wait, or until the connection is
   * open.
   */
  push(message: Queued, connecting: boolean, key?: unknown): void {
    // asking as little as it can: it happens for each message of each connection
    if (!this.backedUp && !connecting && !this.#pieces && this.messages === 0) {
      this.#hand(message)
      if (this.#socket.bufferedAmount >= highWater) this.#wait()
      return
    }
    this.#queue ??= typeof this.#bounds.overflow === 'string' ? new Fifo() : new Conflating()
    this.#drop(this.#queue.add({ message, bytes: bytesOf(message) }, key))
    this.#wait()
    this.#judgeLater()
  }

  /** Sends what waits, as far as the socket takes it. */
  flush(): void {
    if (this.#takes()) this.#pieces?.resume()
    while (!this.#pieces && this.#takes()) {
      const next = this.#queue?.first()
      if (!next) break
      this.#queue?.dropFirst()
      this.#hand(next.message)
    }
    if (this.messages === 0 && !this.#pieces) {
      const onEmpty = this.#onEmpty
      this.#onEmpty = undefined
      onEmpty?.()
    }
    if (this.messages > 0 || !this.#takes()) {
      this.#wait()
      return
    }
    // between the pieces of a message too, so that pings are seen and answered
    this.#goOn()
    if (this.#pieces) return
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
      if (!this.#takes()) this.#wait()
    }
  }

  /** Calls back, once, as soon as nothing waits here; at once when that is so already. */
  whenEmpty(then: () => void): void {
    if (this.messages === 0 && !this.#pieces) then()
    else this.#onEmpty = then
  }

  /** Throws away what waits, and counts it. */
  discard(): void {
    const { messages } = this
    this.#queue?.clear()
    this.#pieces?.stop()
    this.#pieces = undefined
    this.#drop(messages)
  }

  /** The connection has ended: nothing waits, nothing will. */
  end(): void {
    this.discard()
    this.#judgement?.unsubscribe()
    this.#watch?.stop()
    this.#onIdle = this.#onEmpty = undefined
    if (this.#onDrain) this.#socket.removeListener('drain', this.#onDrain)
  }

  #hand(message: Queued): void {
    this.sent++
    this.handed++
    this.#pass(message)
    // behind it: who is told may close the connection
    this.tap?.(message)
  }

  #pass(message: Queued): void {
    if (isPrepared(message)) {
      const { frame, message: plain } = message[prepared]
      if (this.#socket.sendFrame) this.#socket.sendFrame(frame, plain)
      else this.#socket.send(plain)
      return
    }
    if (!isFragments(message)) {
      this.#socket.send(message)
      return
    }
    this.#pieces = new Pieces(this.#socket, this.#bounds.bytes, {
      takes: () => this.#takes(),
      full: () => this.#wait(),
      handed: () => this.handed++,
      done: () => {
        this.#pieces = undefined
        this.flush()
      },
      failed: error => {
        this.#pieces = undefined
        this.#host.errored(error)
        // half a message is out: in closing too only the Close frame can follow it
        this.discard()
        this.flush()
      },
    })
    this.#pieces.start(message)
  }

  // --- waiting for the socket ---

  #wait(): void {
    if (this.backedUp || this.#host.state() === 'connecting') return
    this.backedUp = true
    // most connections never back up: they get neither a listener nor a watch
    if (!this.#onDrain) {
      this.#onDrain = () => this.flush()
      this.#socket.addListener('drain', this.#onDrain)
    }
    const { stall } = this.#bounds
    if (stall !== undefined) {
      this.#watch ??= new StallWatch(
        this.#scheduler,
        stall,
        () => ({
          room: this.#pieces !== undefined && this.#takes(),
          handed: this.handed,
          buffered: this.#socket.bufferedAmount,
        }),
        error => this.#host.stalled(error),
      )
      this.#watch.start()
    }
    this.#host.backedUp(true)
  }

  #goOn(): void {
    if (!this.backedUp) return
    this.backedUp = false
    this.#watch?.stop()
    this.#host.backedUp(false)
  }

  // --- judging what waits ---

  #drop(count: number): void {
    if (count === 0) return
    this.dropped += count
    this.#host.dropped()
  }

  #exceeds(times: number): boolean {
    const { messages, bytes } = this.#bounds
    return this.messages > messages * times || this.bytes > bytes * times
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
    const { overflow } = this.#bounds
    if (overflow === 'dropOldest' || overflow === 'dropNewest') {
      let count = 0
      for (; this.#exceeds(1); count++) {
        if (overflow === 'dropOldest') this.#queue?.dropFirst()
        else this.#queue?.dropLast()
      }
      this.#drop(count)
    } else if (overflow === 'error') {
      this.#host.errored(this.#overflow())
    } else {
      this.#host.overflowed(this.#overflow())
    }
  }

  #overflow(): OverflowError {
    return new OverflowError(
      `The outbox holds ${this.messages} messages of ${this.bytes} bytes; ` +
        `its bounds are ${this.#bounds.messages} messages and ${this.#bounds.bytes} bytes`,
    )
  }
}

// nobody knows the bytes of a message whose pieces are not made yet
function bytesOf(message: Queued): number {
  if (isFragments(message)) return 0
  return byteLength(isPrepared(message) ? message[prepared].message : message)
}
