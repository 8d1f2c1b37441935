/** Session: one life over many connections, for applications that want to stay connected. */

import type { Observable, Subscription } from 'rxjs'
import type { Close } from '../close.js'
import type { Connection, Handler } from '../connection/connection.js'
import { mebibyte } from '../connection/settings.js'
import type { Sendable } from '../connection/writer.js'
import { callable, group, whole } from '../option.js'
import type { Message } from '../socket.js'
import { type Address } from './address.js'
import type { BacklogBounds } from './backlog.js'
import { connectOptionNames, type ConnectOptions } from './connect-options.js'
import { LiveSession } from './live-session.js'
import type { Phase } from './phase.js'
import { readReconnect, type ReconnectOptions } from './reconnect.js'

/** How a session connects, and stays so. Every option has a default. */
export interface SessionOptions<
  In = Message,
  Out = Message,
  First extends Sendable<Out> = Sendable<Out>,
> extends ConnectOptions<In, Out> {
  /** When to try again. */
  reconnect?: ReconnectOptions | undefined
  /**
   * What is sent first on each new connection, before anything else: who you are, what you want to
   * hear. What it throws closes that connection with 1011.
   */
  first?: (() => readonly First[]) | undefined
  /**
   * What `send` keeps while there is no open connection. Default `false`: nothing, it is refused. At
   * most once: what was sent into a connection that breaks is not sent again.
   */
  backlog?: BacklogOptions | false | undefined
}

/** The bounds of what waits for a connection; what is beyond them is refused. */
export interface BacklogOptions {
  /** Default 1,000, or `outbox.messages` where that is less; not more than that. */
  messages?: number | undefined
  /** Default 256 KiB, or `outbox.bytes` where that is less; not more than that. */
  bytes?: number | undefined
}

/** One life over many connections. No member needs `this`. */
export interface Session<In = Message, Out = Message> {
  /** Where it stands now. */
  readonly phase: Phase
  /** The present phase, then each change; completes when the session is over. */
  readonly phases: Observable<Phase>
  /** The messages of all its connections, as one stream. Completes with the session, never errors. */
  readonly messages: Observable<In>
  /** The open connection, if there is one, then each that opens; completes with the session. */
  readonly opened: Observable<Connection<In, Out>>
  /** How the session ended: exactly one value, also for late subscribers, then completes. */
  readonly closed: Observable<Close>
  /** What waits for a connection, what of that was dropped, and what `send` has refused. */
  readonly backlog: SessionBacklog
  /** Like `messages.subscribe`, but an exception closes the present connection with 1011. */
  read(this: void, next: (message: In) => void): Subscription
  /** Sends a message, or keeps it in the backlog: true; false: refused, and counted. */
  send(this: void, message: Sendable<Out>): boolean
  /**
   * A part of the messages that the server sends only to who asks: sends what `subscribe` gives, on
   * each new connection again; emits what `matches`; sends what `unsubscribe` gives when nobody
   * listens to it any more.
   */
  multiplex<T extends In>(
    this: void,
    subscribe: () => Sendable<Out>,
    unsubscribe: () => Sendable<Out>,
    matches: (message: In) => message is T,
  ): Observable<T>
  multiplex(
    this: void,
    subscribe: () => Sendable<Out>,
    unsubscribe: () => Sendable<Out>,
    matches: (message: In) => boolean,
  ): Observable<In>
  /** Ends a wait: the next attempt comes at once. Does nothing in any other phase. */
  retryNow(this: void): void
  /**
   * Ends the session: closes the connection with the code (default 1000) and reason.
   *
   * @throws {TypeError} for a code that may not be sent (RFC 6455, section 7.4).
   */
  close(this: void, code?: number, reason?: string): void
}

/** The counts of a backlog, read live. */
export interface SessionBacklog {
  /** Messages that wait. */
  readonly messages: number
  /** Bytes that wait, with their frames. */
  readonly bytes: number
  /** Messages that waited and were never sent. */
  readonly dropped: number
  /** Messages that `send` did not take. */
  readonly refused: number
}

/**
 * Connects at once, and again whenever that can help, until it is closed, gives up, or the server
 * is done. The handler is called for each connection when it opens; a writer that completes ends
 * the session.
 *
 * @throws {TypeError} for an address or an option that makes no sense.
 */
export function session<In = Message, Out = In, const First extends Sendable<Out> = Sendable<Out>>(
  url: Address,
  options: SessionOptions<In, Out, First> = {},
  handler?: NoInfer<Handler<In, Out>>,
): Session<In, Out> {
  const {
    reconnect = {},
    first,
    backlog,
    ...connect
  } = group('session', options, [...connectOptionNames, 'reconnect', 'first', 'backlog'])
  return new LiveSession(url, connect, callable('session: handler', handler), {
    policy: readReconnect('session: reconnect', reconnect),
    first: callable('session: first', first),
    backlog: readBacklog(backlog, options.outbox),
  })
}

function readBacklog(
  value: BacklogOptions | false | undefined,
  outbox: { messages?: number | undefined; bytes?: number | undefined } | undefined,
): BacklogBounds | undefined {
  if (value === undefined || value === false) return undefined
  const name = 'session: backlog'
  const given = group(name, value, ['messages', 'bytes'])
  // it goes into the outbox of a new connection all at once
  const { messages = 10_000, bytes = mebibyte } = outbox ?? {}
  return {
    messages: whole(`${name}.messages`, given.messages, Math.min(1_000, messages), 1, messages),
    bytes: whole(`${name}.bytes`, given.bytes, Math.min(mebibyte / 4, bytes), 1, bytes),
  }
}
