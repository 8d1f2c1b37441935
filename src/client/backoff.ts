/** Backoff: how long a client waits before it tries again. */

import type { Retry } from '../ending.js'
import type { HandshakeError } from '../errors.js'
import type { Random } from '../random.js'

/** The bounds of the waits, in ms. */
export interface Backoff {
  readonly from: number
  readonly to: number
}

// RFC 6455, section 7.2.3, spreads those that were sent away together over so many ms.
const spread = 5_000

/**
 * The wait before the next attempt, in ms, after so many waits in a row. All of it is left to chance
 * (full jitter), so that those who lost one server together do not come back together.
 */
export function waitBefore(retry: Retry, waits: number, backoff: Backoff, random: Random): number {
  const { from, to } = backoff
  const most = Math.min(to, from * 2 ** waits)
  if (retry === 'later') return Math.round((to * (1 + random())) / 2)
  const window = retry === 'spread out' ? Math.max(most, Math.min(to, spread)) : most
  return Math.round(random() * window)
}

// A server that says more than an hour is mistaken, or hostile.
const longest = 3_600_000

// Date.parse takes much else for a date, such as '-5'
const httpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/

/** What `Retry-After` asks for, in ms (RFC 9110, section 10.2.3); 0 where it is not there. */
export function askedToWait({ headers }: HandshakeError, now: number): number {
  const [value, date] = [headers['retry-after'], headers['date']]
  if (typeof value !== 'string') return 0
  if (/^\s*\d+\s*$/.test(value)) return Math.min(Number(value) * 1_000, longest)
  if (!httpDate.test(value)) return 0
  // by the server's clock where it tells that: ours may be wrong
  const start = typeof date === 'string' ? Date.parse(date) : NaN
  const wait = Date.parse(value) - (Number.isNaN(start) ? now : start)
  return wait > 0 ? Math.min(wait, longest) : 0
}
