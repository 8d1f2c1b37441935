/** Close: how a connection ended, and which codes may be sent (RFC 6455, section 7.4). */

/** How a connection ended: the one value of `connection.closed`. */
export interface Close {
  /** The code as this side sees it, as a browser's `CloseEvent` has it; 1006 when none was agreed. */
  readonly code: number
  /** The reason that came with the code; empty when there was none. */
  readonly reason: string
  /** Whether a Close frame was both sent and received. */
  readonly wasClean: boolean
  /** Who ended it: this side, the peer, or the network between them. */
  readonly by: 'local' | 'peer' | 'network'
  /** The code of the Close frame that this side sent; 1005 for one without a code. */
  readonly sent?: number
  /** The code of the Close frame that the peer sent; 1005 for one without a code. */
  readonly received?: number
  /** What went wrong, if anything did. */
  readonly cause?: Error
}

/** The close codes by name (RFC 6455, section 7.4.1, and the IANA registry). */
export const CloseCode = {
  /** Somebody was done: the writer completed, or `close()`. */
  normal: 1000,
  /** A server stops, or a page is left. */
  goingAway: 1001,
  /** A violation of the framing. */
  protocolError: 1002,
  /** Text where binary is taken, or the reverse. */
  unsupportedData: 1003,
  /** Never sent: the peer's Close frame had no code. */
  noCode: 1005,
  /** Never sent: there was no Close frame. */
  abnormal: 1006,
  /** Text that is not UTF-8, or a message that does not decode. */
  invalidPayload: 1007,
  /** A limit or a policy: rate, schema, idle. */
  policyViolation: 1008,
  /** A message over `limits.payload`. */
  messageTooBig: 1009,
  /** A client misses an extension. */
  mandatoryExtension: 1010,
  /** The handler threw, the writer errored, or a value was not encodable. */
  internalError: 1011,
  /** Sent away for a restart, or the lifetime is over. */
  serviceRestart: 1012,
  /** Too slow, or too much to do. */
  tryAgainLater: 1013,
  /** A gateway got no good answer. */
  badGateway: 1014,
} as const

/** Whether a Close frame may carry this code: 1000–1003, 1007–1014, and 3000–4999. */
export function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000 && code <= 4999) return true
  return code >= 1000 && code <= 1014 && (code <= 1003 || code >= 1007)
}

/** @throws {TypeError} for a code that may not be sent. */
export function checkSendable(name: string, code: number): void {
  if (isSendable(code)) return
  throw new TypeError(`${name}: ${code} may not be sent; 1000–1003, 1007–1014 and 3000–4999 may`)
}

/**
 * The code that a browser sends for this one: a page may send 1000 and 3000–4999 only, so the others
 * go out as 4900 and their last two digits (1007 as 4907, 1011 as 4911).
 */
export function codeInBrowsers(code: number): number {
  return code === CloseCode.normal || code >= 3000 ? code : 4900 + (code % 100)
}

/** The code that {@link codeInBrowsers} has made this of, if it has. */
export function codeFromBrowsers(code: number): number {
  return code > 4900 && isSendable(code - 3900) ? code - 3900 : code
}

const reasonBytes = 123

/**
 * Cuts a reason to the 123 bytes of UTF-8 that a Close frame has room for (RFC 6455, section 5.5),
 * at a character border. A close must not fail because somebody put a long text into it.
 */
export function cutReason(reason: string): string {
  // a UTF-16 unit takes three bytes at most
  if (reason.length * 3 <= reasonBytes) return reason
  let bytes = 0
  let end = 0
  for (const character of reason) {
    const point = character.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (bytes > reasonBytes) return reason.slice(0, end)
    end += character.length
  }
  return reason
}
