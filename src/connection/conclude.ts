/** Concludes how a connection ended, from what this side wanted and what the socket saw. */

import { type Close, CloseCode } from '../close.js'
import { ConnectionLostError, HandshakeError, ProtocolError } from '../errors.js'
import type { SocketClose } from '../socket.js'

/** What this side wants when it ends a connection. */
export interface Ending {
  readonly code: number
  readonly reason: string
  /** Drop what is queued instead of sending it first. */
  readonly discard: boolean
  /** However long sending what is queued takes: somebody else watches over that. */
  readonly patient?: boolean
  readonly cause?: Error
}

/** What was known before the socket closed. */
export interface Known {
  readonly ending: Ending | undefined
  readonly lost: Error | undefined
  readonly error: Error | undefined
}

export function conclude(known: Known, socket: SocketClose): Close {
  const { code, reason, sent, received } = socket
  const cause = causeOf(known, socket)
  return {
    code,
    reason,
    wasClean: sent !== undefined && received !== undefined && code !== CloseCode.abnormal,
    by: endedBy(known, socket),
    ...(sent !== undefined && { sent }),
    ...(received !== undefined && { received }),
    ...(cause && { cause }),
  }
}

function endedBy({ ending, lost, error }: Known, { received, answered }: SocketClose): Close['by'] {
  // it came first, though TCP was still there when this side wanted to end too
  if (answered) return 'peer'
  if (ending) return 'local'
  if (lost) return 'network'
  if (received !== undefined) return 'peer'
  // the socket itself closed over a violation
  if (error instanceof ProtocolError) return 'local'
  if (error instanceof HandshakeError && error.status !== undefined) return 'peer'
  return 'network'
}

// The reason for ending comes before what went wrong while ending.
function causeOf({ ending, lost, error }: Known, socket: SocketClose): Error | undefined {
  const cause = ending?.cause ?? lost ?? error
  if (socket.code !== CloseCode.abnormal) {
    // TCP may well break when both Close frames have crossed: nothing was lost by that
    return cause instanceof ConnectionLostError ? undefined : cause
  }
  if (cause || socket.terminated) return cause
  return new ConnectionLostError('The connection was lost without a Close frame')
}
