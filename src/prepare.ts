/** Prepare: a message that is encoded and framed once, for many connections. */

import { type Codec, plain } from './codec.js'
import type { Message } from './socket.js'

/** A message that is ready to go. Made by {@link prepare}. */
export interface Prepared<Out> {
  readonly [prepared]: {
    readonly codec: Pick<Codec<unknown, Out>, 'encode'>
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
export function prepare<Out>(
  value: NoInfer<Out>,
  codec: Pick<Codec<unknown, Out>, 'encode'>,
): Prepared<Out>
export function prepare(
  value: unknown,
  codec: Pick<Codec<unknown>, 'encode'> = plain,
): Prepared<unknown> {
  return framed(codec.encode(value), codec)
}

/** What was encoded already, with its frame. */
export function framed<Out>(
  encoded: Message,
  codec: Pick<Codec<unknown, Out>, 'encode'>,
): Prepared<Out> {
  const text = typeof encoded === 'string'
  const payload = text ? new TextEncoder().encode(encoded) : encoded
  const header = headerOf(text ? textFrame : binaryFrame, payload.byteLength)
  const frame = new Uint8Array(header.byteLength + payload.byteLength)
  frame.set(header)
  frame.set(payload, header.byteLength)
  // a copy: the bytes that came may be changed by whoever holds them
  const message = text ? encoded : frame.subarray(header.byteLength)
  return { [prepared]: { codec, message, frame } }
}

export function isPrepared(value: unknown): value is Prepared<unknown> {
  return typeof value === 'object' && value !== null && prepared in value
}

export const textFrame = 0x81
export const binaryFrame = 0x82

/** The header of one unmasked frame that is a whole message (RFC 6455, section 5.2). */
function headerOf(kind: number, length: number): Uint8Array {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const header = new Uint8Array(2 + extended)
  const view = new DataView(header.buffer)
  view.setUint8(0, kind)
  view.setUint8(1, extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) view.setUint16(2, length)
  else if (extended === 8) view.setBigUint64(2, BigInt(length))
  return header
}
