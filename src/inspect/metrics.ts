/** Metrics: the counts of a server, as one plain object. */

import { type Counts, countsOf, parts, sum } from '../connection/counts.js'
import type { DurationCounts } from '../connection/durations.js'
import { type InspectableServer, rosterOf } from './subject.js'

/** Counts of a server since it began, and how it stands now; all that is said of times is in ms. */
export interface Metrics extends Counts {
  /** How many connections there are, by state. */
  readonly connections: Readonly<Record<'connecting' | 'open' | 'closing', number>>
  /** How many there were, and are. */
  readonly opened: number
  /** How many handshakes were refused, by HTTP status. */
  readonly refusedHandshakes: Readonly<Record<string, number>>
  /** How many connections have ended, by close code. */
  readonly closed: Readonly<Record<string, number>>
  /** Messages that wait in outboxes. */
  readonly queued: number
  /** Bytes that wait in outboxes. */
  readonly queuedBytes: number
  /** How long handshakes took, from the request to the connection. */
  readonly handshake: DurationCounts
  /** How long pings took that were answered. */
  readonly roundTrip: DurationCounts
}

/**
 * The counts of a server, or of what `accept` returned, as they are now. Those of connections that
 * have ended stay in them. Nothing is kept for it but counters; each call looks at every connection.
 *
 * @throws {TypeError} for what is neither.
 */
export function metrics(subject: InspectableServer): Metrics {
  const { live, opened, refused, closed, past, handshakes, roundTrips } = rosterOf(
    'metrics',
    subject,
  )
  const connections = { connecting: 0, open: 0, closing: 0 }
  let counts: Counts = past
  let queued = 0
  let queuedBytes = 0
  for (const connection of live) {
    const { state } = connection
    if (state !== 'closed') connections[state]++
    const inside = connection[parts]
    counts = sum(counts, countsOf(inside))
    queued += inside.writer.outbox.messages
    queuedBytes += inside.writer.outbox.bytes
  }
  return {
    connections,
    opened,
    refusedHandshakes: Object.fromEntries(refused),
    closed: Object.fromEntries(closed),
    ...counts,
    queued,
    queuedBytes,
    handshake: handshakes.counts,
    roundTrip: roundTrips.counts,
  }
}
