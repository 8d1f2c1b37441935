/** Socket: the slice of a WebSocket that a connection uses. Only adapters know a concrete one. */

/** What crosses a WebSocket: a text message or a binary one. */
export type Message = string | Uint8Array

/** How a socket ended, as its adapter saw it. */
export interface SocketClose {
  /** The code as the WebSocket reports it; 1006 when the closing handshake was not completed. */
  readonly code: number
  /** The reason that came with the code; empty when there was none. */
  readonly reason: string
  /** The code of the Close frame that this side sent; 1005 for one without a code. */
  readonly sent?: number
  /** The code of the Close frame that came in; 1005 for one without a code. */
  readonly received?: number
  /** Whether what was sent is only the answer to the peer's Close frame. */
  readonly answered?: boolean
  /** Whether `terminate()` ended it. */
  readonly terminated?: boolean
}

/** The events of a {@link Socket}, each with its one argument. */
export interface SocketEvents {
  /** The handshake is done. */
  open: undefined
  /** A whole message came in. */
  message: Message
  /** It has ended: exactly once, and last. */
  close: SocketClose
  /** Something went wrong; `close` follows. */
  error: Error
  /** The buffer has run low again. */
  drain: undefined
  /** A ping or a pong came in; not told by a socket that sees none. */
  control: undefined
}

/**
 * The port between a connection and a concrete WebSocket.
 *
 * An adapter promises: `close` comes exactly once and last, also after `terminate()` and for a
 * socket that never opened; after `terminate()` nothing else comes; `error` is never thrown for
 * want of a listener; `drain` comes when `bufferedAmount` has fallen to 16 KiB after a send had
 * left it at 64 KiB or more.
 */
export interface Socket {
  /** Adds a listener; listeners are called in the order in which they came. */
  addListener<E extends keyof SocketEvents>(
    event: E,
    listener: (value: SocketEvents[E]) => void,
  ): unknown
  /** Removes a listener, if it is there. */
  removeListener<E extends keyof SocketEvents>(
    event: E,
    listener: (value: SocketEvents[E]) => void,
  ): unknown
  /** Sends a message, or buffers it; what can't be written is counted in `refused`. */
  send(message: Message): void
  /** Sends a message that is framed already, where this side sends frames without a mask. */
  sendFrame?(frame: Uint8Array, message: Message): void
  /** Sends a part of a binary message; other messages only go behind the last part. */
  sendFragment?: ((piece: Uint8Array, last: boolean) => void) | undefined
  /** Starts the closing handshake behind everything sent so far. */
  close(code?: number, reason?: string): void
  /** Drops the connection at once: no Close frame, nothing flushed. */
  terminate(): void
  /** Bytes handed over that have not reached the operating system yet. */
  readonly bufferedAmount: number
  /** Bytes that have come in, of any frame, also of an unfinished one. */
  readonly bytesRead: number
  /** Bytes that have gone out, of any frame: only ever more; not known everywhere. */
  readonly bytesWritten?: number | undefined
  /** Messages that have come in, whether somebody listened or not. */
  readonly messagesRead: number
  /** Messages handed to `send` that the socket could not write. */
  readonly refused: number
  /** Stops reading; what has already been read may still arrive. */
  pause?: (() => void) | undefined
  /** Reads on. */
  resume?: (() => void) | undefined
  /** Pings the peer (RFC 6455, section 5.5.2); `answered` is called, at most once, when a pong has come. */
  ping?: ((answered?: () => void) => void) | undefined
}

/** The `bufferedAmount`, in bytes, from which on a socket counts as backed up. */
export const highWater = 64 * 1024

/** The `bufferedAmount`, in bytes, at which a backed-up socket counts as drained. */
export const lowWater = 16 * 1024

/** Whether two messages are the same on the wire. */
export function sameMessage(a: Message, b: Message): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at])
}

/** The bytes of a message on the wire, without its frame. */
export function byteLength(message: Message): number {
  if (typeof message !== 'string') return message.byteLength
  let bytes = message.length
  for (let at = 0; at < message.length; at++) {
    const unit = message.charCodeAt(at)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    // a pair of surrogates is four bytes; a lone one is replaced by a character of three
    if (unit >= 0xd800 && unit <= 0xdbff && (message.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at++
  }
  return bytes
}
