/** Frame: what crosses a virtual wire, as the logs of a test show it. */

import { byteLength, type Message } from '../socket.js'

/** A message, or a control frame (RFC 6455, section 5). */
export type Frame =
  | { readonly text: string }
  | { readonly binary: Uint8Array }
  /** A part of a binary message; the last one completes it. */
  | { readonly fragment: Uint8Array; readonly last: boolean }
  | 'ping'
  | 'pong'
  /** 1005 stands for a Close frame without a code. */
  | { readonly close: number; readonly reason: string }

/** What TCP itself says: no more will come. */
export type Segment = Frame | 'end'

export function frameOf(message: Message): Frame {
  return typeof message === 'string' ? { text: message } : { binary: message }
}

export function messageOf(frame: Segment): Message | undefined {
  if (typeof frame === 'string') return undefined
  return 'text' in frame ? frame.text : 'binary' in frame ? frame.binary : undefined
}

/** The bytes on the wire, with the frame's header and without a mask. */
export function sizeOf(frame: Segment): number {
  if (frame === 'end') return 0
  if (typeof frame === 'string') return 2
  if ('close' in frame) return frame.close === 1005 ? 2 : 4 + byteLength(frame.reason)
  const payload = byteLength(
    'text' in frame ? frame.text : 'binary' in frame ? frame.binary : frame.fragment,
  )
  return payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10)
}

/** The message that fragments make. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
