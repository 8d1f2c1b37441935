/** Flow: what a connection has sent, what waits, and what was lost on the way. */

import type { Socket } from '../socket.js'
import type { Outbox } from './outbox.js'

/** Counts of one connection, read live. */
export interface Flow {
  /** Messages that the socket took. */
  readonly sent: number
  /** Messages that wait in the outbox. */
  readonly queued: number
  /** Bytes that wait in the outbox. */
  readonly queuedBytes: number
  /** Messages that were queued and never sent. */
  readonly dropped: number
  /** Values that `send` refused, and messages that the socket could not write. */
  readonly refused: number
}

/** Reads the counts where they are kept. */
export function countFlow(
  writer: { readonly refused: number; readonly outbox: Outbox },
  socket: Socket,
): Flow {
  const { outbox } = writer
  return {
    get sent() {
      return outbox.sent - socket.refused
    },
    get queued() {
      return outbox.messages
    },
    get queuedBytes() {
      return outbox.bytes
    },
    get dropped() {
      return outbox.dropped
    },
    get refused() {
      return writer.refused + socket.refused
    },
  }
}
