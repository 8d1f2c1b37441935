/** Relay: the place of a room at the broker: what goes to other processes, and what comes from them. */

import { defer, type Subscriber, Subscription } from 'rxjs'
import { CloseCode } from '../close.js'
import { asCodecError } from '../codec.js'
import { Broadcast } from '../connection/broadcast.js'
import { BrokerError, RivuletError } from '../errors.js'
import { report } from '../report.js'
import type { Message } from '../socket.js'
import type { Broker } from './broker.js'
import { seal, stampOf, unseal } from './envelope.js'

/**
 * How far a topic reaches: `joining`: other processes do not know yet that somebody listens here;
 * `shared`: all processes; `lost`: messages between this process and others are missing; `restored`:
 * shared again, with a gap before it.
 */
export type Reach = 'joining' | 'shared' | 'lost' | 'restored'

/** What a relay needs to know of its hub. */
export interface RelayHost {
  readonly broker: Broker | undefined
  readonly origin: number
  readonly flow: { received: number; lost: number }
  /** The number of one more message that the hub publishes. */
  number(): number
  /** Whether the broker is away. */
  away(): boolean
  /** A message was dropped, and whoever published it can't be told. */
  rejected(error: RivuletError): void
}

// More hubs than one broker will see at a time; those heard of longest ago are forgotten.
const mostOrigins = 1_024

export class Relay {
  readonly #topic: string
  readonly #host: RelayHost
  /** Takes what came; what it throws is what was wrong with it. */
  readonly #take: (message: Message) => void
  readonly #reaches = new Broadcast<Reach>()
  #reach: Exclude<Reach, 'restored'>
  #subscription: Subscription | undefined
  // the last numbers: ours, and those of the others
  #previous = 0
  readonly #heard = new Map<number, number>()

  constructor(topic: string, host: RelayHost, take: (message: Message) => void) {
    this.#topic = topic
    this.#host = host
    this.#take = take
    this.#reach = host.broker ? 'joining' : 'shared'
  }

  get watched(): boolean {
    return this.#reaches.observed
  }

  watch(subscriber: Subscriber<Reach>): () => void {
    subscriber.next(this.#reach)
    return this.#reaches.add(subscriber)
  }

  /** Hands a message to the broker, or counts it as lost. */
  send(message: Message): void {
    const { broker, origin, flow } = this.#host
    if (!broker) return
    // what is lost has a number too: whoever gets the next one sees that
    const number = this.#host.number()
    const stamp = { origin, number, previous: this.#previous }
    this.#previous = number
    try {
      if (this.#host.away() || !broker.publish(this.#topic, seal(message, stamp))) flow.lost++
    } catch (error) {
      flow.lost++
      report(error)
    }
  }

  /** Somebody is here to listen. */
  start(): void {
    const { broker } = this.#host
    if (!broker || this.#subscription) return
    const subscription = (this.#subscription = new Subscription())
    this.#reached(this.#host.away() ? 'lost' : 'joining')
    const confirmed = () => {
      if (this.#subscription === subscription) this.#reached('shared')
    }
    subscription.add(
      defer(() => broker.subscribe(this.#topic, confirmed)).subscribe({
        next: bytes => this.#receive(bytes),
        // a broker that keeps its promises does not err
        error: (error: unknown) => {
          report(new BrokerError('The broker has given up a topic', { cause: error }))
          this.lost()
        },
      }),
    )
  }

  /** Nobody is. */
  stop(): void {
    if (!this.#subscription) return
    this.#subscription.unsubscribe()
    this.#subscription = undefined
    this.#heard.clear()
    this.#reached('joining')
  }

  /** The broker is away. */
  lost(): void {
    if (this.#subscription) this.#reached('lost')
  }

  #receive(bytes: Uint8Array): void {
    try {
      const { origin, number, previous } = stampOf(bytes)
      if (origin === this.#host.origin) return
      this.#host.flow.received++
      if (number > 0) this.#follow(origin, number, previous)
      this.#take(unseal(bytes))
    } catch (error) {
      this.#host.rejected(
        error instanceof RivuletError ? error : asCodecError(error, CloseCode.invalidPayload),
      )
    }
  }

  // A broker that was frozen may still have what came by the connection before: behind newer ones.
  #follow(origin: number, number: number, previous: number): void {
    const last = this.#heard.get(origin)
    if (last !== undefined && number <= last) {
      throw new BrokerError('A message came behind a newer one of the same process')
    }
    this.#heard.delete(origin)
    this.#heard.set(origin, number)
    if (this.#heard.size > mostOrigins) {
      for (const oldest of this.#heard.keys()) {
        this.#heard.delete(oldest)
        break
      }
    }
    // what the others could not send is missing here too
    if (last === undefined || previous === 0 || previous <= last || this.#reach !== 'shared') return
    this.#reached('lost')
    this.#reached('shared')
  }

  #reached(reach: Exclude<Reach, 'restored'>): void {
    const before = this.#reach
    if (reach === before) return
    this.#reach = reach
    this.#reaches.next(before === 'lost' && reach === 'shared' ? 'restored' : reach)
  }
}
