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
  // what is subscribed, what should be, and what is under way from one to the other
  readonly #standing = new Set<string>()
  readonly #wanted = new Set<string>()
  readonly #settling = new Map<string, Promise<void>>()
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
    this.#wanted.add(topic)
    this.#settle(topic)
  }

  unsubscribe(topic: string): void {
    this.#wanted.delete(topic)
    this.#settle(topic)
  }

  // One after the other: the client takes the answer to an unsubscribe for the end of whatever
  // listener there is by then, also of one that was added meanwhile.
  #settle(topic: string): void {
    const settled = (this.#settling.get(topic) ?? Promise.resolve())
      .then(() => this.#asWanted(topic))
      .catch(this.#refused)
      .then(() => {
        if (this.#settling.get(topic) === settled) this.#settling.delete(topic)
      })
    this.#settling.set(topic, settled)
  }

  async #asWanted(topic: string): Promise<void> {
    const channel = this.#channelOf(topic)
    if (this.#wanted.has(topic) === this.#standing.has(topic)) return
    if (this.#standing.delete(topic)) {
      await this.#client.unsubscribe(channel)
    } else {
      this.#standing.add(topic)
      await this.#client.subscribe(channel, message => this.#events.message(topic, message), true)
    }
  }

  flush(done: () => void): void {
    Promise.all([...this.#settling.values(), this.#client.ping()]).then(done, this.#refused)
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
