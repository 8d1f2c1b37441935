/** Redis: a broker on Redis, or what speaks its protocol; the entry point `rivulet/redis`. Needs `redis`. */

import { createClient, type RedisClientOptions } from 'redis'
import type { Broker } from './broker.js'
import type { Dial, Line, LineEvents } from './line.js'
import { type BrokerOptions, readBrokerOptions, RemoteBroker } from './remote.js'

export type { Broker, BrokerStatus } from './broker.js'
export type { BrokerOptions } from './remote.js'

/**
 * Shares the topics of a hub through the channels of Redis, 6.0 or newer. It connects at once, and
 * again whenever that is lost.
 *
 * `server` is an address, such as `'redis://127.0.0.1:6379'`, or the options of the Redis client,
 * whose own reconnecting is off.
 *
 * @throws {TypeError} for an option that makes no sense.
 */
export function redis(
  server: string | RedisClientOptions = {},
  options: BrokerOptions = {},
): Broker {
  const settings = readBrokerOptions('redis', options)
  const given = typeof server === 'string' ? { url: server } : server
  const dial: Dial = events => {
    const client = clientOf(given, settings.timeout)
    let cause: unknown
    let over = false
    const ended = () => {
      if (!over) events.ended(cause ?? new Error('the connection was closed'))
    }
    // stays for good: an error that nobody listens to ends the process
    client.on('error', error => {
      cause = error
      ended()
    })
    client.on('end', ended)
    client.connect().then(
      () => {
        if (!over) events.opened(new RedisLine(client, settings.prefix, events))
      },
      (error: unknown) => {
        cause = error
        ended()
      },
    )
    return () => {
      over = true
      destroy(client)
    }
  }
  return new RemoteBroker(dial, settings)
}

type Client = ReturnType<typeof clientOf>

function clientOf(given: RedisClientOptions, timeout: number) {
  return createClient({
    ...given,
    // the protocol that lets one connection publish and be subscribed
    RESP: 3,
    disableOfflineQueue: true,
    socket: { connectTimeout: timeout, ...given.socket, reconnectStrategy: false },
  })
}

function destroy(client: Client): void {
  try {
    client.destroy()
  } catch {
    // it is gone already
  }
}

class RedisLine implements Line {
  // Redis takes 512 MB; the bounds of what may be on the way are less
  readonly largest = 512 * 1024 * 1024
  readonly #client: Client
  readonly #prefix: string
  readonly #events: LineEvents
  #closed = false

  constructor(client: Client, prefix: string, events: LineEvents) {
    this.#client = client
    this.#prefix = prefix
    this.#events = events
  }

  publish(topic: string, bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = bytes
    const message = Buffer.from(buffer, byteOffset, byteLength)
    this.#client.publish(this.#channelOf(topic), message).catch(this.#refused)
  }

  subscribe(topic: string): void {
    const listener = (message: Buffer) => this.#events.message(topic, message)
    this.#client.subscribe(this.#channelOf(topic), listener, true).catch(this.#refused)
  }

  unsubscribe(topic: string): void {
    this.#client.unsubscribe(this.#channelOf(topic)).catch(this.#refused)
  }

  flush(done: () => void): void {
    this.#client.ping().then(done, this.#refused)
  }

  close(): void {
    this.#closed = true
    destroy(this.#client)
  }

  // also when the connection has ended: whoever says so first is heard
  readonly #refused = (error: unknown): void => {
    if (!this.#closed) this.#events.ended(error)
  }

  #channelOf(topic: string): string {
    return `${this.#prefix}:${topic}`
  }
}
