/** Counts: what has gone through a connection so far, read from where it is counted anyway. */

import type { Message, Socket } from '../socket.js'
import type { Brake } from './brake.js'
import type { FlowSnapshot } from './flow.js'
import type { Outbox } from './outbox.js'

/** The parts of a connection that count, for whoever inspects it. */
export interface Parts {
  readonly socket: Socket
  readonly writer: { readonly refused: number; readonly beats: number; readonly outbox: Outbox }
  readonly reader: { readonly rejected: number; readonly beats: number }
  readonly brake: Brake
  /** The message that is nothing but a sign of life. */
  readonly beat: Message | undefined
  /** Since when it is open, and how long its last ping took, where it is looked after; in ms. */
  readonly watched:
    { readonly openedAt: number; readonly roundTrip: number | undefined } | undefined
}

export const parts = Symbol('parts')

/** What has gone through a connection since it began: it only grows. Signs of life are no messages. */
export interface Counts {
  /** Messages that came in, whether somebody read them or not. */
  readonly messagesIn: number
  /** Messages that were handed to the socket; one that it could not write is in `refused`, too. */
  readonly messagesOut: number
  /**
   * Bytes that came in. In Node those of the TCP connection: also of the handshake, of frames'
   * headers, and compressed; in a browser those of messages, as far as it tells.
   */
  readonly bytesIn: number
  /** Bytes that went out, counted like those that came in. */
  readonly bytesOut: number
  /** Messages that waited in the outbox and were dropped. */
  readonly dropped: number
  /** Messages that came in and did not decode. */
  readonly rejected: number
  /** Values that `send` refused, and messages that the socket could not write. */
  readonly refused: number
}

/** How a connection keeps up right now. */
export interface Waiting {
  /** Whether it keeps up: `flowing`, `paused` or `backed up`. */
  readonly flow: FlowSnapshot['state']
  /** Messages that wait in the outbox. */
  readonly queued: number
  /** Bytes that wait in the outbox. */
  readonly queuedBytes: number
}

export const countNames = [
  'messagesIn',
  'messagesOut',
  'bytesIn',
  'bytesOut',
  'dropped',
  'rejected',
  'refused',
] as const

export const none: Counts = {
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  dropped: 0,
  rejected: 0,
  refused: 0,
}

export function countsOf({ socket, writer, reader }: Parts): Counts {
  const { outbox } = writer
  return {
    messagesIn: socket.messagesRead - reader.beats,
    messagesOut: outbox.sent - writer.beats,
    bytesIn: socket.bytesRead,
    bytesOut: socket.bytesWritten ?? 0,
    dropped: outbox.dropped,
    rejected: reader.rejected,
    refused: writer.refused + socket.refused,
  }
}

export function waitingOf({ writer: { outbox }, brake }: Parts): Waiting {
  return {
    flow: outbox.backedUp ? 'backed up' : brake.on ? 'paused' : 'flowing',
    queued: outbox.messages,
    queuedBytes: outbox.bytes,
  }
}

/** Both together; or, with -1, what of the one is beyond the other. */
export function sum(a: Counts, b: Counts, sign: 1 | -1 = 1): Counts {
  return {
    messagesIn: a.messagesIn + sign * b.messagesIn,
    messagesOut: a.messagesOut + sign * b.messagesOut,
    bytesIn: a.bytesIn + sign * b.bytesIn,
    bytesOut: a.bytesOut + sign * b.bytesOut,
    dropped: a.dropped + sign * b.dropped,
    rejected: a.rejected + sign * b.rejected,
    refused: a.refused + sign * b.refused,
  }
}
