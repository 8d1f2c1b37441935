/** Nats: a broker on NATS; the entry point `rivulet/nats`. Needs `@nats-io/transport-node`. */

import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import type { Broker } from './broker.js'
import type { Dial, Line, LineEvents } from './line.js'
import { type BrokerOptions, readBrokerOptions, RemoteBroker } from './remote.js'

export type { Broker, BrokerStatus } from './broker.js'
export type { BrokerOptions } from './remote.js'

/**
 * Shares the topics of a hub through NATS. It connects at once, and again whenever that is lost.
 *
 * `server` is an address, such as `'nats://127.0.0.1:4222'`, or the options of the NATS client,
 * whose own reconnecting is off.
 *
 * @throws {TypeError} for an option that makes no sense.
 */
export function nats(
  server: string | NodeConnectionOptions = {},
  options: BrokerOptions = {},
): Broker {
  const settings = readBrokerOptions('nats', options)
  const given = typeof server === 'string' ? { servers: server } : server
  const dial: Dial = events => {
    let line: NatsLine | undefined
    let over = false
    const { timeout } = settings
    connect({ timeout, ...given, reconnect: false, waitOnFirstConnect: false }).then(
      connection => {
        line = new NatsLine(connection, settings.prefix, events)
        if (over) line.close()
        else events.opened(line)
      },
      (error: unknown) => events.ended(error),
    )
    return () => {
      over = true
      line?.close()
    }
  }
  return new RemoteBroker(dial, settings)
}

class NatsLine implements Line {
  readonly #connection: NatsConnection
  readonly #prefix: string
  readonly #events: LineEvents
  readonly #subscriptions = new Map<string, { unsubscribe(): void }>()
  #closed = false

  constructor(connection: NatsConnection, prefix: string, events: LineEvents) {
    this.#connection = connection
    this.#prefix = prefix
    this.#events = events
    void connection.closed().then(cause => this.#ended(cause))
    void this.#listen()
  }

  get largest(): number {
    return this.#connection.info?.max_payload ?? 0
  }

  publish(topic: string, bytes: Uint8Array): void {
    this.#connection.publish(this.#subjectOf(topic), bytes)
  }

  subscribe(topic: string): void {
    const subscription = this.#connection.subscribe(this.#subjectOf(topic), {
      callback: (error, message) => {
        if (error) this.#ended(error)
        else this.#events.message(topic, message.data)
      },
    })
    this.#subscriptions.set(topic, subscription)
  }

  unsubscribe(topic: string): void {
    this.#subscriptions.get(topic)?.unsubscribe()
    this.#subscriptions.delete(topic)
  }

  flush(done: () => void): void {
    // that it can't be done is told by the end of the connection
    this.#connection.flush().then(done, () => undefined)
  }

  close(): void {
    this.#closed = true
    this.#connection.close().catch(() => undefined)
  }

  // what is not allowed is said nowhere else
  async #listen(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'error') this.#ended(status.error)
    }
  }

  #ended(cause: unknown): void {
    if (!this.#closed) this.#events.ended(cause ?? new Error('the connection was closed'))
  }

  #subjectOf(topic: string): string {
    return `${this.#prefix}.${tokenOf(topic)}`
  }
}

/** A name as one token of a subject: dots, wildcards and spaces mean something there. */
function tokenOf(name: string): string {
  return encodeURIComponent(name).replace(
    /[.*~!'()]/g,
    each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
