/** Prepare: a message that is encoded and framed once, for many connections. */

import type { Codec } from './codec.js'
import { byteLength, type Message } from './socket.js'

/** A message that is ready to go. Made by {@link prepare}. */
export interface Prepared<Out> {
  readonly [prepared]: {
    readonly codec: Pick<Codec<unknown, Out>, 'encode'> | undefined
    readonly message: Message
    /** The frame as a server sends it: without a mask. */
    readonly frame: Uint8Array
  }
}

export const prepared = Symbol('prepared')

/**
 * Encodes and frames a message once: sending it to a thousand connections costs a thousand writes
 * and nothing else. They must have the same codec, or none. Later changes of the value change
 * nothing.
 *
 * @throws {CodecError} or whatever else the codec throws for a value that it does not take.
 */
export function prepare(message: Message): Prepared<Message>
export function prepare<Out>(value: Out, codec: Pick<Codec<unknown, Out>, 'encode'>): Prepared<Out>
export function prepare(value: unknown, codec?: Pick<Codec<unknown>, 'encode'>): Prepared<unknown> {
  const message = codec ? codec.encode(value) : (value as Message)
  return {
    [prepared]: { codec, message, frame: frameOf(message) },
  }
}

export function isPrepared(value: unknown): value is Prepared<unknown> {
  return typeof value === 'object' && value !== null && prepared in value
}

/** One unmasked frame (RFC 6455, section 5.2). */
function frameOf(message: Message): Uint8Array {
  const length = byteLength(message)
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = new Uint8Array(2 + extended + length)
  const view = new DataView(frame.buffer)
  view.setUint8(0, typeof message === 'string' ? 0x81 : 0x82)
  view.setUint8(1, extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) view.setUint16(2, length)
  else if (extended === 8) view.setBigUint64(2, BigInt(length))
  const payload = frame.subarray(2 + extended)
  if (typeof message === 'string') new TextEncoder().encodeInto(message, payload)
  else payload.set(message)
  return frame
}
