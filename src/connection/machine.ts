/**
 * The machine that every connection is. It holds the only connection state there is.
 *
 *                socket.open               close                    socket.close
 *   connecting ──────────────▶ open ───────────────▶ closing ─────────────────────────▶ closed
 *        │                       │                      ▲                                  ▲
 *        ├── close ──────────────┼──────────────────────┘                                  │
 *        └── socket.close ───────┴── socket.close ─────────────────────────────────────────┘
 *
 *   lost, error: no change of state; they say what the coming socket.close was caused by
 *
 * Its actions only record: what a state means for the socket, the writer and the reader is done
 * by the connection after the snapshot has changed, where a throw can't stop the actor.
 *
 * Deadlines come in as `lost` from the connection's scheduler and are not delayed transitions:
 * XState keeps those in one list a system, and stopping an actor walks it. With 10,000 connections
 * closing at once that is seconds of a blocked process.
 */
import {
  type ActorLogic,
  assign,
  type MachineSnapshot,
  type MetaObject,
  type NonReducibleUnknown,
  setup,
} from 'xstate'
import type { Close } from '../close.js'
import type { SocketClose } from '../socket.js'
import { conclude, type Ending } from './conclude.js'

/** The four states of a connection. */
export type State = 'connecting' | 'open' | 'closing' | 'closed'

export type ConnectionEvent =
  /** The handshake is done. */
  | { type: 'socket.open' }
  /** This side wants to end the connection. */
  | { type: 'close'; ending: Ending }
  /** This side has given up on the connection and terminates the socket. */
  | { type: 'lost'; cause: Error }
  /** Something went wrong that may prove to be the cause of the end. */
  | { type: 'error'; error: Error }
  /** The one terminal event. */
  | { type: 'socket.close'; close: SocketClose }

export interface ConnectionContext {
  /** What this side wanted, from the first `close` on. */
  readonly ending: Ending | undefined
  /** What this side gave up for. */
  readonly lost: Error | undefined
  /** The first error: those behind it are its consequences. */
  readonly error: Error | undefined
  /** How it ended, from `closed` on. */
  readonly close: Close | undefined
}

/** What the actor is at: its `value` is the state, its `context` what was recorded. */
export type ConnectionSnapshot = MachineSnapshot<
  ConnectionContext,
  ConnectionEvent,
  None,
  State,
  string,
  NonReducibleUnknown,
  MetaObject,
  { id: 'connection'; states: Readonly<Record<State, None>> }
>
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- XState's own word for none
type None = {}

// named here: the inferred type has a parameter that the oldest XState of the peer range lacks
export const connectionMachine: ActorLogic<ConnectionSnapshot, ConnectionEvent> = setup({
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- how XState takes types
  types: {} as { context: ConnectionContext; events: ConnectionEvent },
  actions: {
    recordEnding: assign({
      // one that was given up already did not end by this
      ending: ({ context, event }) =>
        event.type === 'close' && !context.lost ? event.ending : undefined,
    }),
    recordLoss: assign({
      lost: ({ context, event }) =>
        context.lost ?? (event.type === 'lost' ? event.cause : undefined),
    }),
    recordError: assign({
      error: ({ context, event }) =>
        context.error ?? (event.type === 'error' ? event.error : undefined),
    }),
    recordClose: assign({
      close: ({ context, event }) =>
        event.type === 'socket.close' ? conclude(context, event.close) : undefined,
    }),
  },
}).createMachine({
  id: 'connection',
  context: { ending: undefined, lost: undefined, error: undefined, close: undefined },
  initial: 'connecting',
  on: {
    lost: { actions: 'recordLoss' },
    error: { actions: 'recordError' },
    'socket.close': { target: '.closed', actions: 'recordClose' },
  },
  states: {
    connecting: {
      on: {
        'socket.open': { target: 'open' },
        close: { target: 'closing', actions: 'recordEnding' },
      },
    },
    open: {
      on: {
        close: { target: 'closing', actions: 'recordEnding' },
      },
    },
    closing: {},
    closed: { type: 'final' },
  },
})
