/** Endings: what each close code means, as data, and what follows from it. */

import {
  EMPTY,
  concat,
  mergeMap,
  type MonoTypeOperatorFunction,
  type Observable,
  throwError,
} from 'rxjs'
import { type Close, CloseCode, codeFromBrowsers } from './close.js'
import { ClosedError, ConnectionLostError, HandshakeError, TimeoutError } from './errors.js'

/** Whether a client that wants to stay connected tries again, and how. */
export type Retry =
  /** It would end the same way. */
  | 'no'
  /** With growing waits. */
  | 'backoff'
  /** With growing waits, a few times only: the server fails at something. */
  | 'a few times'
  /** After a random wait: everybody else was sent away too. */
  | 'spread out'
  /** After a long wait: the server has too much to do. */
  | 'later'

/** What is known of a close code. */
export interface Ending {
  /** The close code. */
  readonly code: number
  /** What it comes from. */
  readonly meaning: string
  /** Whether a client does well to try again, and how. */
  readonly retry: Retry
}

/** The close codes that Rivulet sends, takes or reports, each with what follows (RFC 6455, 7.4.1). */
export const endings: readonly Ending[] = [
  { code: 1000, meaning: 'the writer completed; close(); unsubscribed', retry: 'no' },
  { code: 1001, meaning: 'a server going away; a page navigating away', retry: 'backoff' },
  { code: 1002, meaning: 'a framing violation', retry: 'no' },
  { code: 1003, meaning: 'text where only binary is taken, or the reverse', retry: 'no' },
  { code: 1005, meaning: 'never sent: the Close frame had no code', retry: 'no' },
  {
    code: 1006,
    meaning: 'never sent: lost, refused, or a deadline passed; the cause says which',
    retry: 'backoff',
  },
  { code: 1007, meaning: 'invalid UTF-8; a message that does not decode', retry: 'no' },
  { code: 1008, meaning: 'a limit or a policy broken: rate, schema, idle', retry: 'no' },
  { code: 1009, meaning: 'a message over the payload limit', retry: 'no' },
  { code: 1010, meaning: 'an extension that the server did not agree to', retry: 'no' },
  {
    code: 1011,
    meaning: 'the writer errored, the handler threw, encoding failed',
    retry: 'a few times',
  },
  { code: 1012, meaning: 'drained for a restart; the lifetime is over', retry: 'spread out' },
  { code: 1013, meaning: 'shed: overload, a consumer that is too slow', retry: 'later' },
  { code: 1014, meaning: 'a gateway got no good answer', retry: 'backoff' },
]

// An answer that would be the same again.
const hopeless: readonly number[] = [400, 401, 403, 404, 405, 426]

/**
 * How to try again after this ending. What this side asked for says `'no'`, also when the peer did
 * not answer it; so do codes of the application (3000–4999).
 */
export function retryAfter(close: Close): Retry {
  const { code, by, sent, cause } = close
  if (by === 'local') return wasAskedFor(close) ? 'no' : retryOf(codeFromBrowsers(sent ?? code))
  if (code === CloseCode.abnormal && cause instanceof HandshakeError) {
    return hopeless.includes(cause.status ?? 0) ? 'no' : 'backoff'
  }
  return retryOf(code)
}

const retryOf = (code: number) => endings.find(ending => ending.code === code)?.retry ?? 'no'

// What went wrong while this side was closing is not why it did.
function wasAskedFor({ sent, cause }: Close): boolean {
  if (!(cause instanceof TimeoutError)) {
    return cause === undefined || cause instanceof ConnectionLostError
  }
  const { timeout } = cause
  return timeout === 'close' || timeout === 'drain' || (timeout === 'stall' && sent === undefined)
}

/** Whether nothing is left to be said of it: this side asked for it, or the peer was done. */
export function isFinal(close: Close): boolean {
  return close.by === 'local' ? wasAskedFor(close) : isClean(close)
}

/** Whether trying again can help: the connection was lost, or the server said so. */
export function mayReconnect(close: Close): boolean {
  return retryAfter(close) !== 'no'
}

/**
 * Whether the connection ended as somebody wanted: this side, with nothing gone wrong, or the peer
 * with 1000 or without a code.
 */
export function isClean({ by, code, cause }: Close): boolean {
  if (by === 'local') return cause === undefined
  return by === 'peer' && (code === CloseCode.normal || code === CloseCode.noCode)
}

/**
 * Makes an ending that is not clean an error of the stream, for those who want `catchError` and
 * `retry` to see it: `messages.pipe(throwUnclean(connection))` errors with a {@link ClosedError}
 * where `messages` alone completes.
 */
export function throwUnclean<T>(connection: {
  readonly closed: Observable<Close>
}): MonoTypeOperatorFunction<T> {
  const ending = connection.closed.pipe(
    mergeMap(close => (isClean(close) ? EMPTY : throwError(() => new ClosedError(close)))),
  )
  return source => concat(source, ending)
}
