/** Broker: the port between a hub and what carries its topics to other processes. */

import type { Observable } from 'rxjs'

/**
 * Carries bytes from a hub to the hubs of other processes, at most once and in the order of each
 * publisher. It connects by itself, again and again, and forgets nothing that it was subscribed to.
 */
export interface Broker {
  /** The present status, then each change; completes after `closed`. */
  readonly status: Observable<BrokerStatus>
  /**
   * Hands the bytes over, without a wait, and does not look at them again. True: on the way; false:
   * they are lost, as the broker is away, too much is on the way already, or they are too large.
   */
  publish(topic: string, bytes: Uint8Array): boolean
  /**
   * What is published to the topic, by this process too or not, as the broker likes. One
   * subscription a topic at a time. It never errors; it completes with `close()`.
   *
   * `confirmed` is called when the broker has it, and again after every time it was away: what is
   * published from then on arrives.
   */
  subscribe(topic: string, confirmed?: () => void): Observable<Uint8Array>
  /** Leaves, behind what was published. */
  close(): void
}

/** How it stands with a broker. */
export interface BrokerStatus {
  /** Whether it is there: `disconnected` until the next attempt has come through. */
  readonly name: 'connecting' | 'connected' | 'disconnected' | 'closed'
  /** Why it is `disconnected`, where that was not asked for. */
  readonly cause?: Error
  /** How many messages were on the way when it was lost: nobody knows whether they arrived. */
  readonly unconfirmed?: number
}
