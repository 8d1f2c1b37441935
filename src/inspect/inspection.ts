/** Inspection: what there is to be seen of connections, as plain data that JSON can carry. */

import type { Close } from '../close.js'
import type { Counts, Waiting } from '../connection/counts.js'
import type { Listed } from '../connection/roster.js'
import type { State } from '../connection/machine.js'

/** Who a connection is: no headers, no principal, and of the address not its query. */
export interface ConnectionLabel {
  /** That of the connection, unique among all processes. */
  readonly id: string
  /** What was asked for, without the query and a password: both may hold secrets. */
  readonly url: string
  /** The IP address of the peer, where it is known. */
  readonly remoteAddress?: string
  /** The subprotocol agreed upon; empty when there is none. */
  readonly protocol: string
}

/** A connection as it is when it is first seen; counts are since it began. */
export interface ConnectionView extends ConnectionLabel, Counts, Waiting {
  /** The present state. */
  readonly state: State
  /** When it opened, in ms since 1970, where that is known: with a heartbeat, on servers. */
  readonly openedAt?: number
  /** How long the last ping took, in ms, when there was one. */
  readonly roundTrip?: number
}

/** What changed at a connection; counts are since the last sample. */
export interface ConnectionSample extends Counts, Waiting {
  /** That of the connection. */
  readonly id: string
  /** How long the last ping took, in ms, when there was one. */
  readonly roundTrip?: number
}

/** How a connection ended: its {@link Close}, with the cause in words. */
export interface CloseView extends Omit<Close, 'cause'> {
  /** What went wrong, if anything did. */
  readonly cause?: {
    /** The name of the error's class. */
    readonly name: string
    /** What it says, for people. */
    readonly message: string
    /** Its stable name, for programs. */
    readonly code?: string
  }
}

interface Seen<Type extends string> {
  readonly type: Type
  /** When, in ms since 1970 by the scheduler's clock. */
  readonly time: number
}

/** One thing that was seen. */
export type Inspection =
  /** First of all: the connections that are there. */
  | (Seen<'snapshot'> & { readonly connections: readonly ConnectionView[] })
  /** A connection has opened; on a server with the ms that its handshake took. */
  | (Seen<'opened'> & ConnectionLabel & { readonly handshake?: number })
  /** A connection is ending. */
  | (Seen<'closing'> & { readonly id: string })
  /** A connection has ended; counts are those of its whole life. */
  | (Seen<'closed'> & Counts & { readonly id: string; readonly close: CloseView })
  /** A handshake was refused, with an HTTP status. */
  | (Seen<'refused'> & { readonly status: number })
  /** What changed in so many ms: connections that did not are left out. */
  | (Seen<'samples'> & {
      readonly over: number
      readonly connections: readonly ConnectionSample[]
    })
  /** A message came in, or was handed to the socket; only with `messages: true`. */
  | (Seen<'message'> & MessageView)

/** A message, without what it says. An answer at once may be told of before what it answers. */
export interface MessageView {
  /** That of the connection. */
  readonly id: string
  /** `in`: from the peer; `out`: to it. */
  readonly direction: 'in' | 'out'
  /** What it is on the wire. */
  readonly kind: 'text' | 'binary'
  /** Its bytes, without the frame; unknown of one in pieces. */
  readonly bytes?: number
}

export function labelOf({ id, handshake }: Listed): ConnectionLabel {
  const { url, remoteAddress, protocol } = handshake
  return {
    id,
    url: withoutSecrets(url),
    ...(remoteAddress !== undefined && { remoteAddress }),
    protocol,
  }
}

// A query, or a password, is where tokens are; that there was one is no secret.
function withoutSecrets(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, '$1').replace(/[?#].*$/s, '?…')
}

export function closeView({ cause, ...close }: Close): CloseView {
  if (!cause) return close
  const { name, message } = cause
  const { code } = cause as { code?: unknown }
  return { ...close, cause: { name, message, ...(typeof code === 'string' && { code }) } }
}
