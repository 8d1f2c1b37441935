/** Writer: the stream going out, from its subscription to the Close frame behind its last message. */

import { isObservable, Observable, type SchedulerLike, type Unsubscribable } from 'rxjs'
import { CloseCode } from '../close.js'
import type { Codec } from '../codec.js'
import { CodecError } from '../errors.js'
import { type Fragments, isFragments } from '../fragments.js'
import { isPrepared, type Prepared, prepared } from '../prepare.js'
import { publicationOf } from '../published.js'
import { report } from '../report.js'
import type { Message, Socket } from '../socket.js'
import { Outbox, type OutboxBounds, type OutboxHost } from './outbox.js'
import type { Overflow } from './overflow.js'
import { pull } from './pull.js'
import type { Queued } from './queue.js'

/**
 * What a handler returns to send: an Observable, subscribed while the connection is open, or an
 * AsyncIterable, pulled one value at a time as the socket drains.
 */
export type Writer<Out> = Observable<Sendable<Out>> | AsyncIterable<Sendable<Out>>

/** A value of the codec, a message that was prepared, or one in pieces. */
export type Sendable<Out> = Out | Prepared<Out> | Fragments

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
  readonly #codec: Pick<Codec<unknown, Out>, 'encode'>
  readonly #host: WriterHost
  readonly #key: ((value: Out) => unknown) | undefined
  readonly outbox: Outbox
  #source: Unsubscribable | undefined
  /** Values that `send` did not take. */
  refused = 0
  /** Messages that were nothing but a sign of life. */
  beats = 0

  constructor(
    socket: Socket,
    codec: Pick<Codec<unknown, Out>, 'encode'>,
    bounds: OutboxBounds,
    scheduler: SchedulerLike,
    host: WriterHost,
  ) {
    this.#codec = codec
    this.#host = host
    // the policy was made for the values of this codec
    const { overflow } = bounds as { overflow: Overflow<Out> }
    this.#key = typeof overflow === 'string' ? undefined : overflow.key
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

  #subscribe(source: Observable<Sendable<Out>>): void {
    new Observable<Sendable<Out>>(subscriber => {
      // a source that emits endlessly while it is being subscribed has no subscription to end yet
      this.#source = subscriber
      return source.subscribe(subscriber)
    }).subscribe(this)
  }

  // Never through RxJS `from`, which would pull as fast as the source can give.
  #pull(source: AsyncIterable<Sendable<Out>>): void {
    const stop = pull(source, {
      wants: () => this.#host.state() === 'open',
      take: (value, next) => {
        this.send(value)
        this.outbox.whenIdle(next)
      },
      completed: () => this.#host.completed(),
      failed: error => this.#host.errored(error),
    })
    this.#source = { unsubscribe: stop }
  }

  // what an Observable source tells: a connection is few objects, and these would be four

  next(value: Sendable<Out>): void {
    this.send(value)
  }

  error(error: unknown): void {
    this.#host.errored(error)
  }

  complete(): void {
    this.#host.completed()
  }

  /** Sends or queues a value: true, or counts and refuses it: false. */
  send(value: Sendable<Out>): boolean {
    const state = this.#host.state()
    if (state !== 'open' && state !== 'connecting') {
      this.refused++
      return false
    }
    let message: Queued
    let key: unknown
    try {
      if (isFragments(value)) {
        message = key = value
      } else if (isPrepared(value)) {
        message = key = this.#checked(value)
      } else {
        const publication = publicationOf(value)
        const ready = publication?.as(this.#codec)
        // no fault of this connection: whoever published it is told
        if (publication && !ready) {
          this.refused++
          return false
        }
        message = ready ?? this.#codec.encode(value)
        key = this.#key?.(value)
      }
    } catch (error) {
      this.refused++
      this.#host.unencodable(error)
      return false
    }
    this.outbox.push(message, state === 'connecting', key)
    return true
  }

  #checked(message: Prepared<Out>): Prepared<never> {
    if (message[prepared].codec === this.#codec) return message
    throw new CodecError('A message was prepared with another codec than that of this connection', {
      closeCode: CloseCode.internalError,
    })
  }

  /** Says that this side is there, unless what it sends says so. */
  beat(message: Message): void {
    if (!this.outbox.idle) return
    this.beats++
    this.outbox.push(message, false)
  }

  /** The connection leaves open: nothing more is taken from the source. */
  stop(): void {
    const source = this.#source
    this.#source = undefined
    try {
      source?.unsubscribe()
    } catch (error) {
      // its teardown failed
      report(error)
    }
  }

  /** Calls back when what is queued is sent, or dropped: the Close frame may go. */
  finish(discard: boolean, then: () => void): void {
    if (discard) this.outbox.discard()
    this.outbox.whenEmpty(then)
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  )
}
