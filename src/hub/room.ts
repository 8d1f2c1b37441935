/** Room: a topic in use: its members, and the one order of what they are told. */

import type { Subscriber } from 'rxjs'
import { CloseCode } from '../close.js'
import { asCodecError, type Codec } from '../codec.js'
import { OverflowError } from '../errors.js'
import { isFragments } from '../fragments.js'
import { isPrepared } from '../prepare.js'
import { during, Publication } from '../published.js'
import type { Message } from '../socket.js'
import { Crowd } from './members.js'
import { type Reach, Relay, type RelayHost } from './relay.js'

/** What a room needs to know of its hub. */
export interface RoomHost extends RelayHost {
  readonly limits: { readonly answers: number }
  readonly flow: RelayHost['flow'] & { published: number; delivered: number }
  /** Somebody wants in. @throws {OverflowError} when there are too many rooms. */
  entered(room: Entered): void
  /** Nobody is in it any more, nor watches. */
  emptied(room: Entered): void
}

/** A room of whatever messages. */
export interface Entered {
  readonly name: string
  /** The broker is away. */
  lost(): void
}

interface Told<T> {
  readonly value: T
  readonly publication: Publication
  /** Whether it was published in this process. */
  readonly ours: boolean
  readonly message?: Message | undefined
}

export class Room<T> implements Entered {
  readonly name: string
  readonly codec: Codec<T> | undefined
  readonly crowd = new Crowd<T>()
  readonly #host: RoomHost
  readonly #relay: Relay
  // what is published while the members are told of something else: in answer to it, so to say
  #answers: Told<T>[] = []
  #telling = false

  constructor(name: string, codec: Codec<T> | undefined, host: RoomHost) {
    this.name = name
    this.codec = codec
    this.#host = host
    this.#relay = new Relay(name, host, message => this.#take(message))
  }

  /** Adds a member; returns what removes it. */
  join(subscriber: Subscriber<T>, as: { readonly who: unknown } | undefined): () => void {
    this.#host.entered(this)
    this.crowd.add(subscriber, as)
    this.#relay.start()
    return () => {
      this.crowd.remove(subscriber)
      if (this.crowd.count === 0) this.#relay.stop()
      this.#settle()
    }
  }

  /** Keeps the room in use for somebody who watches it. */
  watch(add: () => () => void): () => void {
    this.#host.entered(this)
    const remove = add()
    return () => {
      remove()
      this.#settle()
    }
  }

  watchReach(subscriber: Subscriber<Reach>): () => void {
    return this.watch(() => this.#relay.watch(subscriber))
  }

  lost(): void {
    this.#relay.lost()
  }

  /**
   * Tells all members, and other processes.
   *
   * @throws {CodecError} for a value that can't be expressed.
   */
  publish(value: T): void {
    const { codec } = this
    const message = codec && encoded(value, codec)
    const known = codec && message !== undefined ? ([codec, message] as const) : undefined
    const publication = new Publication(value, known)
    const nested = this.#telling
    this.#put({ value, publication, ours: true, message })
    // by then every member that it could be told to has it; an answer is told later
    if (!nested && publication.failure) throw publication.failure
  }

  // What came from another process. Members of this codec get it as it came.
  #take(message: Message): void {
    const { codec } = this
    if (!codec) return
    const value = codec.decode(message)
    const told = { value, publication: new Publication(value, [codec, message]), ours: false }
    const answers = this.#telling
    this.#put(told)
    if (!answers) this.#complain(told)
  }

  // One order for all: what is published in answer is told when all have heard what it answers.
  #put(told: Told<T>): void {
    const { flow, limits } = this.#host
    if (this.#telling && this.#answers.length >= limits.answers) {
      throw new OverflowError(
        `The topic ${JSON.stringify(this.name)} has ${limits.answers} answers to one message: ` +
          'members that answer each other do not end',
      )
    }
    if (told.ours) flow.published++
    if (this.#telling) {
      this.#answers.push(told)
      return
    }
    this.#telling = true
    this.#tell(told)
    // not taken out: the bound is on all that one message sets off; this sees what is added, too
    for (const answer of this.#answers) {
      this.#tell(answer)
      this.#complain(answer)
    }
    this.#answers = []
    this.#telling = false
    this.#settle()
  }

  #tell({ value, publication, ours, message }: Told<T>): void {
    during(publication, () => {
      for (const member of this.crowd.list) {
        if (member.closed) continue
        this.#host.flow.delivered++
        // RxJS catches whatever a member throws
        member.next(value)
      }
    })
    if (ours && message !== undefined) this.#relay.send(message)
  }

  #complain({ publication }: Told<T>): void {
    if (publication.failure) this.#host.rejected(publication.failure)
  }

  #settle(): void {
    const { crowd } = this
    if (this.#telling || crowd.count > 0 || crowd.watched || this.#relay.watched) return
    this.#host.emptied(this)
  }
}

function encoded<T>(value: T, codec: Codec<T>): Message {
  if (isPrepared(value) || isFragments(value)) {
    throw new TypeError('publish: a topic prepares its messages itself; give it the value')
  }
  try {
    return codec.encode(value)
  } catch (error) {
    throw asCodecError(error, CloseCode.internalError)
  }
}
