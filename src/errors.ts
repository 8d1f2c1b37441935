/** The errors of Rivulet: few, typed, each with a stable `code` and its `cause`. */

import { type Close, isSendable } from './close.js'

/** What every error of Rivulet is. */
export abstract class RivuletError extends Error {
  /** A stable name for programs; the message is for people and may change. */
  abstract readonly code: string
}

/** The connection never opened: refused, unreachable, or not a WebSocket server. */
export class HandshakeError extends RivuletError {
  override readonly name = 'HandshakeError'
  readonly code = 'ERR_HANDSHAKE'
  /** The HTTP status of the answer, if there was one. */
  readonly status: number | undefined
  /** The HTTP headers of the answer, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>

  constructor(
    message: string,
    options: ErrorOptions & { status?: number; headers?: HandshakeError['headers'] } = {},
  ) {
    super(message, options)
    this.status = options.status
    this.headers = options.headers ?? {}
  }
}

/** A connection ended in a way that its user did not ask for; `close` says how. */
export class ClosedError extends RivuletError {
  override readonly name = 'ClosedError'
  readonly code = 'ERR_CLOSED'
  /** How the connection ended. */
  readonly close: Close

  constructor(close: Close) {
    const reason = close.reason && `: ${close.reason}`
    super(`The connection closed with ${close.code}${reason}`, { cause: close.cause })
    this.close = close
  }
}

/** The connection broke: TCP ended or was reset without a Close frame. Seen as 1006. */
export class ConnectionLostError extends RivuletError {
  override readonly name = 'ConnectionLostError'
  readonly code = 'ERR_CONNECTION_LOST'
}

/** The peer broke the rules of RFC 6455; `closeCode` (1002, 1007, 1008 or 1009) was sent. */
export class ProtocolError extends RivuletError {
  override readonly name = 'ProtocolError'
  readonly code = 'ERR_PROTOCOL'
  /** The close code that was sent: 1002, 1007, 1008 or 1009. */
  readonly closeCode: number

  constructor(message: string, options: ErrorOptions & { closeCode: number }) {
    super(message, options)
    this.closeCode = options.closeCode
  }
}

/** One thing about a message that does not fit. */
export interface CodecIssue {
  /** Where it is in the message, as `a.b[0]`; empty for the whole. */
  readonly path: string
  /** What is wrong there, on one line of 200 characters at most. */
  readonly message: string
}

/** A message could not be decoded (closes with `closeCode`) or encoded (closes with 1011). */
export class CodecError extends RivuletError {
  override readonly name = 'CodecError'
  readonly code = 'ERR_CODEC'
  /** The close code that an undecodable message causes: 1003, 1007, 1008, or that of a codec of yours. */
  readonly closeCode: number
  /** What the schema refused; never the message itself. */
  readonly issues: readonly CodecIssue[]

  /** @throws {TypeError} for a close code that may not be sent. */
  constructor(
    message: string,
    options: ErrorOptions & { closeCode: number; issues?: readonly CodecIssue[] },
  ) {
    super(message, options)
    if (!isSendable(options.closeCode)) {
      throw new TypeError(`CodecError: closeCode: ${options.closeCode} may not be sent`)
    }
    this.closeCode = options.closeCode
    this.issues = options.issues ?? []
  }
}

/** Nothing came from the peer for `heartbeat.timeout`, also no answer to a ping. Seen as 1006. */
export class HeartbeatError extends RivuletError {
  override readonly name = 'HeartbeatError'
  readonly code = 'ERR_HEARTBEAT'

  constructor(milliseconds: number) {
    super(`heartbeat.timeout: nothing came from the peer for ${milliseconds} ms`)
  }
}

/**
 * More was waiting to be sent than the outbox holds: closes with 1013. Or a hub has no room: for
 * one more topic, or for one more message in answer to one that is being told.
 */
export class OverflowError extends RivuletError {
  override readonly name = 'OverflowError'
  readonly code = 'ERR_OVERFLOW'
}

/** The peer sent more than `limits.rate` allows. Closes with 1008. */
export class RateError extends RivuletError {
  override readonly name = 'RateError'
  readonly code = 'ERR_RATE'
  /** Which rate it was. */
  readonly limit: 'messages' | 'bytes' | 'pings'

  constructor(limit: RateError['limit'], rate: number) {
    super(`limits.rate.${limit}: the peer sent more than ${rate} a second`)
    this.limit = limit
  }
}

/** The broker of a hub is away, or does not answer; the `cause` says more, where there is one. */
export class BrokerError extends RivuletError {
  override readonly name = 'BrokerError'
  readonly code = 'ERR_BROKER'
}

/** A deadline passed: that of an option of `timeouts`, or that of a drain. */
export class TimeoutError extends RivuletError {
  override readonly name = 'TimeoutError'
  readonly code = 'ERR_TIMEOUT'
  /** Which deadline passed. */
  readonly timeout: 'handshake' | 'close' | 'stall' | 'idle' | 'lifetime' | 'drain'

  constructor(timeout: TimeoutError['timeout'], milliseconds: number) {
    super(`The ${timeout} deadline of ${milliseconds} ms has passed`)
    this.timeout = timeout
  }
}

/** The application's own code threw or errored: `where` says which part, `cause` what. Closes with 1011. */
export class ApplicationError extends RivuletError {
  override readonly name = 'ApplicationError'
  readonly code = 'ERR_APPLICATION'
  /** Which part of the application failed. */
  readonly where: 'handler' | 'writer' | 'read' | 'codec'

  constructor(where: ApplicationError['where'], cause: unknown) {
    super(`The ${where} failed: ${saidBy(cause)}`, { cause })
    this.where = where
  }
}

/** What was thrown, in words: anything can be, also what has none. */
export function saidBy(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown)
    // node:net says nothing itself of a host that was tried at several addresses
    if (thrown.message !== '' || !(thrown instanceof AggregateError)) return thrown.message
    return thrown.errors.map(saidBy).join('; ')
  } catch {
    return typeof thrown
  }
}
