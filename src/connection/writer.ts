/** Writer: the stream going out, from its subscription to the Close frame behind its last message. */

import { isObservable, type Observable, type SchedulerLike, Subject, takeUntil } from 'rxjs'
import type { Codec } from '../codec.js'
import type { Socket } from '../socket.js'
import { Outbox, type OutboxBounds, type OutboxHost } from './outbox.js'

/**
 * What a handler returns to send: an Observable, subscribed while the connection is open, or an
 * AsyncIterable, pulled one value at a time as the socket drains.
 */
export type Writer<Out> = Observable<Out> | AsyncIterable<Out>

/** What a writer needs to know of its connection. */
export interface WriterHost extends OutboxHost {
  /** The source has no more to send. */
  completed(): void
  /** The source failed. */
  errored(error: unknown): void
  /** A value could not be encoded. */
  unencodable(error: unknown): void
}

export class StreamWriter<Out> {
  readonly #socket: Socket
  readonly #codec: Codec<unknown, Out>
  readonly #host: WriterHost
  readonly outbox: Outbox
  #stop: (() => void) | undefined
  /** Values that `send` did not take. */
  refused = 0

  constructor(
    socket: Socket,
    codec: Codec<unknown, Out>,
    bounds: OutboxBounds,
    scheduler: SchedulerLike,
    host: WriterHost,
  ) {
    this.#socket = socket
    this.#codec = codec
    this.#host = host
    this.outbox = new Outbox(socket, bounds, scheduler, host)
  }

  /** Whether this is something that {@link start} takes. */
  static takes<Out>(source: unknown): source is Writer<Out> {
    return isObservable(source) || isAsyncIterable(source)
  }

  /** Sends what the source emits. Called at most once, while open. */
  start(source: Writer<Out>): void {
    if (isObservable(source)) this.#subscribe(source)
    else this.#pull(source)
  }

  #subscribe(source: Observable<Out>): void {
    // a source that emits endlessly while it is being subscribed has no subscription to end yet
    const leftOpen = new Subject<void>()
    this.#stop = () => leftOpen.next()
    source.pipe(takeUntil(leftOpen)).subscribe({
      next: value => this.send(value),
      error: (error: unknown) => this.#host.errored(error),
      complete: () => this.#host.completed(),
    })
  }

  // Never through RxJS `from`, which would pull as fast as the source can give.
  #pull(source: AsyncIterable<Out>): void {
    const failed = (error: unknown) => {
      this.#stop = undefined
      this.#host.errored(error)
    }
    const taken = (result: IteratorResult<Out>) => {
      if (this.#host.state() !== 'open') return
      if (result.done) {
        this.#stop = undefined
        this.#host.completed()
      } else {
        this.send(result.value)
        this.outbox.whenIdle(next)
      }
    }
    const next = () => {
      if (this.#host.state() !== 'open') return
      try {
        iterator.next().then(taken, failed)
      } catch (error) {
        failed(error)
      }
    }
    let iterator: AsyncIterator<Out>
    try {
      iterator = source[Symbol.asyncIterator]()
    } catch (error) {
      failed(error)
      return
    }
    this.#stop = () => {
      // a generator with a pull pending returns as soon as that is settled
      try {
        iterator.return?.().then(undefined, failed)
      } catch (error) {
        failed(error)
      }
    }
    next()
  }

  /** Sends or queues a value: true, or counts and refuses it: false. */
  send(value: Out): boolean {
    const state = this.#host.state()
    if (state !== 'open' && state !== 'connecting') {
      this.refused++
      return false
    }
    let message
    try {
      message = this.#codec.encode(value)
    } catch (error) {
      this.refused++
      this.#host.unencodable(error)
      return false
    }
    this.outbox.push(message)
    return true
  }

  /** The connection leaves open: nothing more is taken from the source. */
  stop(): void {
    const stop = this.#stop
    this.#stop = undefined
    stop?.()
  }

  /** Sends the Close frame behind what is queued, or instead of it. */
  close(code: number, reason: string, discard: boolean): void {
    if (discard) this.outbox.discard()
    this.outbox.whenEmpty(() => this.#socket.close(code, reason))
  }

  /** The connection has ended: what still waits is never sent. */
  end(): void {
    this.stop()
    this.outbox.end()
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  )
}
