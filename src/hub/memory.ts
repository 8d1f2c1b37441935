/** Memory: a broker between hubs of one process, for tests and examples. */

import { Observable, type Subscriber } from 'rxjs'
import { Broadcast } from '../connection/broadcast.js'
import type { Broker, BrokerStatus } from './broker.js'

/** A broker in memory. No member needs `this`. */
export interface MemoryBroker {
  /** For one hub: those that are connected share their topics, as processes do. */
  connect(this: void): Broker
  /** Is away from now on, for all, as a broker that was killed. */
  lose(this: void): void
  /** Is there again. */
  restore(this: void): void
}

/**
 * A broker in memory, which can be made to go away and come back. It delivers at once, so that what
 * hubs do with it happens in virtual time.
 */
export function memoryBroker(): MemoryBroker {
  const all = new Set<Connected>()
  let there = true
  return {
    connect() {
      const broker = new Connected(all, () => there)
      all.add(broker)
      return broker
    },
    lose() {
      if (!there) return
      there = false
      for (const each of [...all]) each.change({ name: 'disconnected' })
    },
    restore() {
      if (there) return
      there = true
      for (const each of [...all]) each.change({ name: 'connected' })
    },
  }
}

interface Listener {
  readonly subscriber: Subscriber<Uint8Array>
  readonly confirmed: (() => void) | undefined
}

class Connected implements Broker {
  readonly status: Observable<BrokerStatus>
  readonly #all: Set<Connected>
  readonly #statuses = new Broadcast<BrokerStatus>()
  readonly #listeners = new Map<string, Listener>()
  #now: BrokerStatus

  constructor(all: Set<Connected>, there: () => boolean) {
    this.#all = all
    this.#now = { name: there() ? 'connected' : 'connecting' }
    this.status = new Observable(subscriber => {
      subscriber.next(this.#now)
      if (this.#now.name !== 'closed') return this.#statuses.add(subscriber)
      subscriber.complete()
      return undefined
    })
  }

  publish(topic: string, bytes: Uint8Array): boolean {
    if (this.#now.name !== 'connected') return false
    for (const each of [...this.#all]) each.#listeners.get(topic)?.subscriber.next(bytes)
    return true
  }

  subscribe(topic: string, confirmed?: () => void): Observable<Uint8Array> {
    return new Observable(subscriber => {
      if (this.#now.name === 'closed') {
        subscriber.complete()
        return undefined
      }
      this.#listeners.set(topic, { subscriber, confirmed })
      if (this.#now.name === 'connected') confirmed?.()
      return () => this.#listeners.delete(topic)
    })
  }

  change(status: BrokerStatus): void {
    this.#now = status
    this.#statuses.next(status)
    if (status.name !== 'connected') return
    for (const each of [...this.#listeners.values()]) each.confirmed?.()
  }

  close(): void {
    if (this.#now.name === 'closed') return
    this.#all.delete(this)
    this.change({ name: 'closed' })
    this.#statuses.complete()
    for (const { subscriber } of [...this.#listeners.values()]) subscriber.complete()
  }
}
