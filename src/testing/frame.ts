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

/** What crosses a wire besides frames: the handshake, and TCP's word that no more will come. */
export type Segment = Frame | 'request' | 'answer' | 'end'

/** The frame of a message. */
export function frameOf(message: Message): Frame {
  return typeof message === 'string' ? { text: message } : { binary: message }
}

/** The message of a frame that is a whole one. */
export function messageOf(frame: Segment): Message | undefined {
  if (typeof frame === 'string') return undefined
  return 'text' in frame ? frame.text : 'binary' in frame ? frame.binary : undefined
}

// a request and an answer with no header more than they must have
const bare = { ping: 2, pong: 2, request: 160, answer: 129, end: 0 } as const

/** The bytes on the wire, with the frame's header and without a mask. */
export function sizeOf(frame: Segment): number {
  if (typeof frame === 'string') return bare[frame]
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

const longest = 60

/** A frame in a few words, for a log. */
export function noted(frame: Frame): string {
  if (typeof frame === 'string') return frame
  if ('text' in frame) return `text ${JSON.stringify(cut(frame.text))}`
  if ('binary' in frame) return `binary ${frame.binary.byteLength} bytes`
  if ('fragment' in frame) {
    return `${frame.last ? 'last ' : ''}fragment ${frame.fragment.byteLength} bytes`
  }
  const reason = frame.reason && ` ${JSON.stringify(frame.reason)}`
  return frame.close === 1005 ? 'close' : `close ${frame.close}${reason}`
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
