/** Sampler: what changed at connections since they were looked at last. */

import {
  type Counts,
  countNames,
  countsOf,
  parts,
  sum,
  type Waiting,
  waitingOf,
} from '../connection/counts.js'
import type { Listed } from '../connection/roster.js'
import { type ConnectionSample, type ConnectionView, labelOf } from './inspection.js'

interface Known extends Waiting {
  readonly counts: Counts
  readonly roundTrip: number | undefined
}

export class Sampler {
  readonly #known = new Map<Listed, Known>()

  /** Begins to look at a connection. */
  add(connection: Listed): ConnectionView {
    const known = look(connection)
    this.#known.set(connection, known)
    const { counts, flow, queued, queuedBytes, roundTrip } = known
    const openedAt = connection[parts].watched?.openedAt
    return {
      ...labelOf(connection),
      state: connection.state,
      ...(openedAt !== undefined && { openedAt }),
      ...counts,
      flow,
      queued,
      queuedBytes,
      ...(roundTrip !== undefined && { roundTrip }),
    }
  }

  remove(connection: Listed): void {
    this.#known.delete(connection)
  }

  /** What changed since the last time; a connection that did not is left out. */
  sample(): ConnectionSample[] {
    const samples: ConnectionSample[] = []
    for (const [connection, before] of this.#known) {
      const now = look(connection)
      if (same(now, before)) continue
      this.#known.set(connection, now)
      const { counts, flow, queued, queuedBytes, roundTrip } = now
      samples.push({
        id: connection.id,
        ...sum(counts, before.counts, -1),
        flow,
        queued,
        queuedBytes,
        ...(roundTrip !== undefined && { roundTrip }),
      })
    }
    return samples
  }
}

function look(connection: Listed): Known {
  const inside = connection[parts]
  const roundTrip = inside.watched?.roundTrip
  return { counts: countsOf(inside), ...waitingOf(inside), roundTrip }
}

function same(a: Known, b: Known): boolean {
  return (
    a.flow === b.flow &&
    a.queued === b.queued &&
    a.queuedBytes === b.queuedBytes &&
    a.roundTrip === b.roundTrip &&
    countNames.every(name => a.counts[name] === b.counts[name])
  )
}
