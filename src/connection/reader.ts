/** Reader: the stream coming in. Hot, decoded once, shared; it completes and never errors. */

import { fromEvent, Observable, type Subscription } from 'rxjs'
import type { Codec } from '../codec.js'
import { byteLength, type Message, sameMessage, type Socket } from '../socket.js'
import { Broadcast } from './broadcast.js'
import type { State } from './machine.js'

/** What a reader needs to know of its connection. */
export interface ReaderHost {
  state(): State
  /** A message did not decode. */
  undecodable(error: unknown): void
}

export class Reader<In> {
  readonly #socket: Socket
  readonly #codec: Pick<Codec<In>, 'decode'>
  readonly #beat: Message | undefined
  readonly #host: ReaderHost
  #messages: Observable<In> | undefined
  readonly #subscribers = new Broadcast<In>()
  #source: Subscription | undefined
  #arriving: Message | undefined
  /** Messages that did not decode. */
  rejected = 0
  /** Messages that were nothing but a sign of life. */
  beats = 0

  constructor(
    socket: Socket,
    codec: Pick<Codec<In>, 'decode'>,
    beat: Message | undefined,
    host: ReaderHost,
  ) {
    this.#socket = socket
    this.#codec = codec
    this.#beat = beat
    // counted also while nobody reads
    if (beat !== undefined) {
      socket.addListener('message', message => {
        if (sameMessage(message, beat)) this.beats++
      })
    }
    this.#host = host
  }

  /** Listens to the socket while somebody subscribes: what nobody wants is never decoded. */
  get messages(): Observable<In> {
    return (this.#messages ??= new Observable<In>(subscriber => {
      const state = this.#host.state()
      if (state === 'closed') {
        subscriber.complete()
        return undefined
      }
      this.#subscribers.add(subscriber)
      if (state !== 'closing') this.#listen()
      return () => {
        this.#subscribers.remove(subscriber)
        if (!this.#subscribers.observed) this.stop()
      }
    }))
  }

  /** The bytes of the message that is being delivered. */
  get arriving(): number {
    return this.#arriving === undefined ? 0 : byteLength(this.#arriving)
  }

  #listen(): void {
    this.#source ??= (
      fromEvent(this.#socket as NodeEmitter, 'message') as Observable<Message>
    ).subscribe(this)
  }

  /** Whether what comes is delivered. */
  get live(): boolean {
    return this.#source !== undefined
  }

  /** A message came from the socket. */
  next(message: Message): void {
    if (this.#beat !== undefined && sameMessage(message, this.#beat)) return
    let value: In
    try {
      value = this.#codec.decode(message)
    } catch (error) {
      this.rejected++
      this.#host.undecodable(error)
      return
    }
    this.#arriving = message
    // one of them may close the connection: the others get nothing from then on
    this.#subscribers.next(value, this)
    this.#arriving = undefined
  }

  /** The connection leaves open, or nobody subscribes any more: nothing is delivered. */
  stop(): void {
    this.#source?.unsubscribe()
    this.#source = undefined
  }

  /** The connection has ended. */
  end(): void {
    this.stop()
    this.#subscribers.complete()
  }
}

// the part of a Socket that fromEvent uses, in its words
interface NodeEmitter {
  addListener(event: string, listener: (...args: unknown[]) => void): this
  removeListener(event: string, listener: (...args: unknown[]) => void): this
}
