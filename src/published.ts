/** Published: the value that is being told to many right now, and what it is on the wire, made once. */

import { asCodecError, type Codec } from './codec.js'
import { CloseCode } from './close.js'
import type { CodecError } from './errors.js'
import { framed, type Prepared, prepare } from './prepare.js'
import type { Message } from './socket.js'

type Encoder = Pick<Codec<unknown, never>, 'encode'>

// Only while its members are told, which is synchronous: a value that is sent later is sent alone.
let present: Publication | undefined

export class Publication {
  readonly value: unknown
  /** The first codec's complaint, of those that can't express the value. */
  failure: CodecError | undefined
  readonly #ready = new Map<Encoder, Prepared<never> | undefined>()
  readonly #given: readonly [Encoder, Message] | undefined

  /** `given`: what the value is to a codec, where that is known already. */
  constructor(value: unknown, given?: readonly [Encoder, Message]) {
    this.value = value
    this.#given = given
  }

  /** What the value is to this codec; nothing when that can't express it. */
  as(codec: Encoder): Prepared<never> | undefined {
    const known = this.#ready.get(codec)
    if (known !== undefined || this.#ready.has(codec)) return known
    let made: Prepared<never> | undefined
    try {
      if (this.#given?.[0] === codec) made = framed(this.#given[1], codec)
      else made = prepare(this.value as never, codec)
    } catch (error) {
      this.failure ??= asCodecError(error, CloseCode.internalError)
    }
    this.#ready.set(codec, made)
    return made
  }
}

/** Does what tells the members. One publication may come in the middle of another. */
export function during(publication: Publication, tell: () => void): void {
  const outer = present
  present = publication
  try {
    tell()
  } finally {
    present = outer
  }
}

/** The publication of this very value, where it is being told right now. */
export function publicationOf(value: unknown): Publication | undefined {
  return present !== undefined && Object.is(present.value, value) ? present : undefined
}
