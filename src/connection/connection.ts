/** Connection: what users hold, and the handler that they give. */

import type { Observable, Subscription } from 'rxjs'
import type { ActorRef } from 'xstate'
import type { Close } from '../close.js'
import type { CodecError } from '../errors.js'
import type { Message } from '../socket.js'
import type { Flow } from './flow.js'
import type { Handshake } from './handshake.js'
import type { ConnectionEvent, ConnectionSnapshot, State } from './machine.js'
import type { Sendable, Writer } from './writer.js'

/** The XState actor of a connection: inspect it, wait for it; its events are not API. */
export type ConnectionActor = ActorRef<ConnectionSnapshot, ConnectionEvent>

/**
 * A WebSocket connection as a state machine with one stream coming in and one going out. No member
 * needs `this`: take them apart as you like. Iterating it reads with backpressure, one loop at a
 * time; leaving the loop closes with 1000.
 */
export interface Connection<
  In = Message,
  Out = Message,
  Principal = unknown,
> extends AsyncIterable<In> {
  /** Unique among the connections of all processes. */
  readonly id: string
  /** What the peer said in the handshake, and who it is: a copy. */
  readonly handshake: Handshake<Principal>
  /** The present state. */
  readonly state: State
  /** The present state, then each change; completes after `closed`. */
  readonly states: Observable<State>
  /**
   * What the peer sends, while open: hot, decoded once, shared. Completes when the connection ends,
   * whatever ended it, and never errors. An exception in a plain subscriber ends the process, as
   * RxJS rethrows it globally: prefer {@link read}.
   */
  readonly messages: Observable<In>
  /** Each message that did not decode: what was wrong with it, and where. Completes with the end. */
  readonly rejections: Observable<CodecError>
  /** How the connection ended: exactly one value, also for late subscribers, then completes. */
  readonly closed: Observable<Close>
  /** What was sent, what waits, what was dropped. */
  readonly flow: Flow
  /** Like `messages.subscribe`, but an exception closes this connection, and only this, with 1011. */
  read(this: void, next: (message: In) => void): Subscription
  /** Sends or queues a message: true; false: refused and counted, as the connection is ending. */
  send(this: void, message: Sendable<Out>): boolean
  /**
   * Sends what is queued, then a Close frame with the code (default 1000) and reason, and waits for
   * the peer's, `timeouts.close` at most. 1008, 1011 and 1013 drop the queue first. Before open:
   * ends with 1006, nothing sent. Later calls change nothing.
   *
   * A reason of more than 123 bytes is cut at a character border.
   *
   * @throws {TypeError} for a code that may not be sent: anything but 1000–1003, 1007–1014 and
   * 3000–4999 (RFC 6455, section 7.4).
   */
  close(this: void, code?: number, reason?: string): void
  /** The XState actor itself: inspect it, wait for it; its events are not API. */
  readonly actor: ConnectionActor
}

/**
 * Called synchronously when a connection opens, so that a subscription made in it misses no
 * message. Returns what to send; nothing to only read. What it throws closes the connection
 * with 1011.
 */
export type Handler<In = Message, Out = Message, Principal = unknown> = (
  connection: Connection<In, Out, Principal>,
) => Writer<Out> | void
