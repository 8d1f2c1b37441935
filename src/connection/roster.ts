/**
 * Roster: the connections of one server that are not closed, and the counts of all that it ever
 * had. Whoever inspects it is told of each that comes; nobody is, when nobody does.
 */

import type { SchedulerLike } from 'rxjs'
import type { Connection } from './connection.js'
import { type Counts, countsOf, none, type Parts, parts, sum } from './counts.js'
import { Durations } from './durations.js'

/** A connection, as far as it is inspected. */
export type Listed = Pick<
  Connection<unknown, never>,
  'id' | 'handshake' | 'state' | 'states' | 'closed' | 'actor'
> & { readonly [parts]: Parts }

/** Who looks on. */
export interface Onlooker {
  /** A connection has come, and is about to open; its handshake took so many ms. */
  came(connection: Listed, handshake: number): void
  /** A handshake was refused with this HTTP status. */
  refused(status: number): void
  /** There will be no more. */
  ended(): void
}

export const roster = Symbol('roster')

export class Roster<C extends Listed = Listed> {
  /** All that are not closed. */
  readonly live = new Set<C>()
  readonly scheduler: SchedulerLike
  /** How long pings took that were answered. */
  readonly roundTrips: Durations
  /** How long handshakes took, from the request to the connection. */
  readonly handshakes = new Durations()
  /** How many handshakes were refused, by HTTP status. */
  readonly refused = new Map<number, number>()
  /** How many connections have ended, by close code. */
  readonly closed = new Map<number, number>()
  /** The counts of those that have ended. */
  past: Counts = none
  #opened = 0
  #onlookers: readonly Onlooker[] = []
  #ended = false

  constructor(scheduler: SchedulerLike, roundTrips: Durations) {
    this.scheduler = scheduler
    this.roundTrips = roundTrips
  }

  /** How many connections there were, and are. */
  get opened(): number {
    return this.#opened
  }

  /** Whether somebody looks on: to prove that nothing leaks. */
  get observed(): boolean {
    return this.#onlookers.length > 0
  }

  /** Tells of what comes, until what it returns is called. */
  watch(onlooker: Onlooker): () => void {
    if (this.#ended) {
      onlooker.ended()
      return () => undefined
    }
    this.#onlookers = [...this.#onlookers, onlooker]
    return () => {
      this.#onlookers = this.#onlookers.filter(each => each !== onlooker)
    }
  }

  add(connection: C, handshake: number): void {
    this.live.add(connection)
    this.#opened++
    this.handshakes.add(handshake)
    for (const onlooker of this.#onlookers) onlooker.came(connection, handshake)
  }

  /** It has closed. */
  remove(connection: C): void {
    if (!this.live.delete(connection)) return
    const code = connection.actor.getSnapshot().context.close?.code ?? 1006
    this.closed.set(code, (this.closed.get(code) ?? 0) + 1)
    this.past = sum(this.past, countsOf(connection[parts]))
  }

  refuse(status: number): void {
    this.refused.set(status, (this.refused.get(status) ?? 0) + 1)
    for (const onlooker of this.#onlookers) onlooker.refused(status)
  }

  /** Some may come, also after an end: an HTTP server may listen again. */
  begin(): void {
    this.#ended = false
  }

  /** No more will come. */
  end(): void {
    this.#ended = true
    for (const onlooker of this.#onlookers) onlooker.ended()
    this.#onlookers = []
  }
}
