/** Codecs: what a message means, as a pair of functions. */

import { CloseCode } from './close.js'
import { CodecError, saidBy } from './errors.js'
import type { Message } from './socket.js'

/**
 * Turns messages into values and back. `decode` throws for a message that it does not take (closes
 * with the `closeCode` of a {@link CodecError}, else 1007); `encode` throws for a value that it
 * can't express (closes with 1011).
 */
export interface Codec<In, Out = In> {
  /**
   * Makes a value of a message that came in. What it throws closes with 1007, a {@link CodecError}
   * with its `closeCode`.
   */
  decode(message: Message): In
  /** Makes a message of a value to be sent. What it throws closes with 1011. */
  encode(value: Out): Message
  /** What becomes of a message that does not decode. Default: the connection closes. */
  readonly onInvalid?: OnInvalid<Out>
}

/** Closes the connection, drops the message, or answers it. What it throws closes with 1011. */
export type OnInvalid<Out> = (error: CodecError) => 'close' | 'drop' | { readonly reply: Out }

const kind = (value: unknown) =>
  value === null ? 'null' : value instanceof Uint8Array ? 'a binary message' : `a ${typeof value}`

/** Text or binary, as it came: what a connection speaks when no codec is given. */
export const plain: Codec<Message> = {
  decode: message => message,
  encode(value) {
    if (typeof value === 'string' || (value as unknown) instanceof Uint8Array) return value
    throw new CodecError(`A message is a string or a Uint8Array, not ${kind(value)}`, {
      closeCode: CloseCode.internalError,
    })
  },
}

/** Text only: a binary message closes the connection with 1003 (RFC 6455, section 7.4.1). */
export const text: Codec<string> = {
  decode(message) {
    if (typeof message === 'string') return message
    throw new CodecError('Only text is taken here, and a binary message came', {
      closeCode: CloseCode.unsupportedData,
    })
  },
  encode(value) {
    if (typeof value === 'string') return value
    throw new CodecError(`A text message is a string, not ${kind(value)}`, {
      closeCode: CloseCode.internalError,
    })
  },
}

/** Binary only: a text message closes the connection with 1003 (RFC 6455, section 7.4.1). */
export const binary: Codec<Uint8Array> = {
  decode(message) {
    if (typeof message !== 'string') return message
    throw new CodecError('Only binary is taken here, and a text message came', {
      closeCode: CloseCode.unsupportedData,
    })
  },
  encode(value) {
    if ((value as unknown) instanceof Uint8Array) return value
    throw new CodecError(`A binary message is a Uint8Array, not ${kind(value)}`, {
      closeCode: CloseCode.internalError,
    })
  },
}

const longest = 200

/** What a codec threw, as a {@link CodecError}; `closeCode` is for what was thrown without one. */
export function asCodecError(thrown: unknown, closeCode: number): CodecError {
  if (thrown instanceof CodecError) return thrown
  // many quote the message, and it may be long; the cause has it all
  return new CodecError(saidBy(thrown).slice(0, longest), { cause: thrown, closeCode })
}
