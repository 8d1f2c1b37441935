/** World: two real connections, the wire between them, and all that can befall the three. */

import {
  ApplicationError,
  type Close,
  CodecError,
  type Connection,
  type ConnectionOptions,
  HandshakeError,
  type Handler,
  ProtocolError,
  TimeoutError,
} from 'rivulet'
import type { DrainOptions } from 'rivulet/server'

export type End = 'server' | 'client'

export const ends: readonly End[] = ['server', 'client']
export const other = { server: 'client', client: 'server' } as const

/** What one end is made with. */
export interface EndSpec {
  readonly options?: ConnectionOptions
  readonly handler?: Handler
}

/** What somebody else's WebSocket may send: a violation that has this code, or an empty Close frame. */
export type Injected = 1002 | 1007 | 1008 | 1009 | 'empty close'

/** What answers the handshake of a client when it is not a server of ours. */
export type Doorman = 'refuses with 503' | 'is not there' | 'says nothing' | 'hangs up'

export interface Wire {
  /** Gives an end what no connection of ours would send. */
  inject(to: End, what: Injected): void
  /** TCP ends in both directions, without a Close frame. */
  fin(): void
  reset(): void
  /** Nothing that this end sends arrives any more, and nobody is told. */
  lose(from: End): void
  /** This end reads no more. */
  hold(end: End): void
  release(end: End): void
}

export interface World {
  readonly server: Connection
  readonly client: Connection
  readonly wire: Wire
  /** `close()` of the server. */
  goAway(): void
  drain(options: DrainOptions): void
}

/** What both ends have, in ms: as short as the real world can afford on a busy machine. */
export const timeouts = { handshake: 1_500, close: 100, stall: 100 }

/** Bytes: the messages of the situations are just beneath it. */
export const payload = 65_000

/** What became of an end: how it closed, that it lives, or nothing that could be told of it. */
export type Outcome = Close | 'stays open' | 'is not ours'

/** One line, for a failing test to be read. */
export function told(outcome: Outcome): string {
  if (typeof outcome === 'string') return outcome
  const { code, by, sent, received, wasClean } = outcome
  const clean = wasClean ? 'clean' : 'unclean'
  const cause = causeOf(outcome)
  return `${code} by ${by}, sent ${sent ?? 'nothing'}, received ${received ?? 'nothing'}, ${clean}${cause && `, ${cause}`}`
}

/** The name of the cause, and what else tells it from others of its name. */
export function causeOf({ cause }: Close): string {
  if (cause === undefined) return ''
  const detail =
    cause instanceof TimeoutError
      ? cause.timeout
      : cause instanceof ApplicationError
        ? cause.where
        : cause instanceof CodecError || cause instanceof ProtocolError
          ? cause.closeCode
          : cause instanceof HandshakeError
            ? cause.status
            : undefined
  return detail === undefined ? cause.name : `${cause.name} (${detail})`
}
