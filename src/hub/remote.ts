/** Remote: a broker that is another process: it is dialed again whenever it is lost. */

import { asyncScheduler, Observable, type SchedulerLike, type Subscriber, Subscription } from 'rxjs'
import { Broadcast } from '../connection/broadcast.js'
import { BrokerError, saidBy } from '../errors.js'
import { callable, group, period, refused, shaped, text, whole } from '../option.js'
import { type Random, systemRandom } from '../random.js'
import type { Broker, BrokerStatus } from './broker.js'
import type { Dial, Line } from './line.js'

/** How a broker of another process is used. Every option has a default. */
export interface BrokerOptions {
  /** What stands before the names of topics there, to keep applications apart. Default `'rivulet'`. */
  prefix?: string | undefined
  /**
   * What may be on its way to the broker without an answer. Beyond it messages are lost, and
   * counted. Default 8 MiB and 50,000 messages.
   */
  outbox?:
    | {
        /** Bytes on their way. Default 8 MiB. */
        bytes?: number | undefined
        /** Messages on their way. Default 50,000. */
        messages?: number | undefined
      }
    | undefined
  /**
   * How a broker that is gone is noticed, in ms: it is asked once an interval, and all the time
   * while something is on its way; without a word for the timeout it is away. Default 5 s and 10 s.
   */
  heartbeat?:
    | {
        /** Between questions to a broker that is idle, in ms. Default 5 s. */
        interval?: number | undefined
        /** Without a word from it, in ms: then it is away. Default 10 s. */
        timeout?: number | undefined
      }
    | undefined
  /** Waits between attempts to reach it, in ms, each up to half shorter by chance. Default 100 ms to 5 s. */
  reconnect?:
    | {
        /** The first wait, in ms; each is twice the last. Default 100 ms. */
        from?: number | undefined
        /** The longest wait, in ms. Default 5 s, or `from` where that is more. */
        to?: number | undefined
      }
    | undefined
  /** The clock. Default: `asyncScheduler`. */
  scheduler?: SchedulerLike | undefined
  /** The dice. Default: the system's. */
  random?: Random | undefined
}

interface Subscribed {
  readonly subscriber: Subscriber<Uint8Array>
  readonly confirmed: (() => void) | undefined
}

const most = 2 ** 31 - 1

// how often it is looked within the timeout whether the broker has said anything
const looks = 4

/** @throws {TypeError} for an option that makes no sense; `name` is the function that has them. */
export function readBrokerOptions(name: string, options: BrokerOptions) {
  const given = group(name, options, [
    'prefix',
    'outbox',
    'heartbeat',
    'reconnect',
    'scheduler',
    'random',
  ])
  const outbox = group(`${name}: outbox`, given.outbox, ['bytes', 'messages'])
  const heartbeat = group(`${name}: heartbeat`, given.heartbeat, ['interval', 'timeout'])
  const reconnect = group(`${name}: reconnect`, given.reconnect, ['from', 'to'])
  const from = period(`${name}: reconnect.from`, reconnect.from, 100)
  const to = period(`${name}: reconnect.to`, reconnect.to, Math.max(5_000, from))
  if (to < from) refused(`${name}: reconnect.to`, to, `at least reconnect.from, ${from} ms`)
  return {
    prefix:
      text(
        `${name}: prefix`,
        given.prefix,
        /^[\w-]{1,100}$/,
        'made of 1 to 100 letters, digits, _ and -',
      ) ?? 'rivulet',
    bytes: whole(`${name}: outbox.bytes`, outbox.bytes, 8 * 1024 * 1024, 1, most),
    messages: whole(`${name}: outbox.messages`, outbox.messages, 50_000, 1, most),
    interval: period(`${name}: heartbeat.interval`, heartbeat.interval, 5_000),
    timeout: period(`${name}: heartbeat.timeout`, heartbeat.timeout, 10_000),
    from,
    to,
    scheduler: shaped(`${name}: scheduler`, given.scheduler, asyncScheduler, ['schedule', 'now']),
    random: callable(`${name}: random`, given.random) ?? systemRandom,
  }
}

/** The options, read. */
export type BrokerSettings = ReturnType<typeof readBrokerOptions>

export class RemoteBroker implements Broker {
  readonly status: Observable<BrokerStatus>
  readonly #dial: Dial
  readonly #settings: BrokerSettings
  readonly #statuses = new Broadcast<BrokerStatus>()
  readonly #topics = new Map<string, Subscribed>()
  #now: BrokerStatus = { name: 'connecting' }
  #line: Line | undefined
  #giveUp: (() => void) | undefined
  // the one timer of this moment: of the attempt, of the wait behind it, of the answer, of the next beat
  #timer: Subscription | undefined
  // what tells the present line, and the attempt to have one, from those before
  #attempted: object | undefined
  #attempts = 0
  #openedAt = 0
  // how often in a row nothing had come when it was looked
  #silences = 0
  // what was handed over and has no answer yet
  #messages = 0
  #bytes = 0
  #flushing = false
  #unconfirmed: Subscribed[] = []

  constructor(dial: Dial, settings: BrokerSettings) {
    this.#dial = dial
    this.#settings = settings
    this.status = new Observable(subscriber => {
      subscriber.next(this.#now)
      if (this.#now.name !== 'closed') return this.#statuses.add(subscriber)
      subscriber.complete()
      return undefined
    })
    this.#attempt()
  }

  publish(topic: string, bytes: Uint8Array): boolean {
    const line = this.#line
    const { byteLength } = bytes
    if (!line || this.#now.name !== 'connected' || byteLength > line.largest) return false
    const { bytes: room, messages } = this.#settings
    if (this.#messages >= messages || this.#bytes + byteLength > room) return false
    try {
      line.publish(topic, bytes)
    } catch {
      return false
    }
    this.#messages++
    this.#bytes += byteLength
    this.#flush()
    return true
  }

  subscribe(topic: string, confirmed?: () => void): Observable<Uint8Array> {
    return new Observable(subscriber => {
      if (this.#now.name === 'closed') {
        subscriber.complete()
        return undefined
      }
      const subscribed = { subscriber, confirmed }
      this.#topics.set(topic, subscribed)
      this.#line?.subscribe(topic)
      this.#confirmLater(subscribed)
      return () => {
        this.#topics.delete(topic)
        this.#line?.unsubscribe(topic)
      }
    })
  }

  close(): void {
    if (this.#now.name === 'closed') return
    const line = this.#line
    this.#line = this.#attempted = undefined
    this.#timer?.unsubscribe()
    if (line) {
      // what was published leaves first, if the broker answers at all
      const end = this.#settings.scheduler.schedule(() => line.close(), this.#settings.timeout)
      line.flush(() => {
        end.unsubscribe()
        line.close()
      })
    } else {
      this.#giveUp?.()
    }
    this.#change({ name: 'closed' })
    this.#statuses.complete()
    for (const { subscriber } of [...this.#topics.values()]) subscriber.complete()
  }

  // --- reaching it ---

  #attempt(): void {
    const { timeout } = this.#settings
    const attempt = (this.#attempted = {})
    const current = () => this.#attempted === attempt
    const ended = (cause: unknown) => {
      if (current()) this.#lost(cause)
    }
    this.#after(timeout, () => ended(new Error(`no answer within ${timeout} ms`)))
    const giveUp = this.#dial({
      opened: line => {
        if (current()) this.#opened(line)
        else line.close()
      },
      message: (topic, bytes) => {
        if (!current()) return
        this.#silences = 0
        this.#topics.get(topic)?.subscriber.next(bytes)
      },
      ended,
    })
    if (current()) this.#giveUp = giveUp
    // it failed before there was anything to give up
    else giveUp()
  }

  #opened(line: Line): void {
    this.#line = line
    this.#openedAt = this.#settings.scheduler.now()
    this.#timer?.unsubscribe()
    this.#unconfirmed = [...this.#topics.values()]
    for (const topic of this.#topics.keys()) line.subscribe(topic)
    this.#change({ name: 'connected' })
    this.#flush()
  }

  #lost(cause: unknown): void {
    if (this.#now.name === 'closed') return
    const unconfirmed = this.#messages
    this.#attempted = undefined
    this.#giveUp?.()
    this.#giveUp = this.#line = undefined
    this.#flushing = false
    this.#messages = this.#bytes = 0
    this.#unconfirmed = []
    const { from, to, random } = this.#settings
    const wait = Math.min(to, from * 2 ** Math.min(this.#attempts++, 30))
    this.#after(wait * (1 - random() / 2), () => this.#attempt())
    if (this.#now.name === 'disconnected') return
    const said = saidBy(cause)
    const error = new BrokerError(`The broker is away${said && `: ${said}`}`, { cause })
    this.#change({ name: 'disconnected', cause: error, unconfirmed })
  }

  // --- hearing from it ---

  // One question at a time: its answer is that of all that was handed over before it.
  #flush(): void {
    const line = this.#line
    if (!line || this.#flushing) return
    this.#flushing = true
    const [messages, bytes, subscribed] = [this.#messages, this.#bytes, this.#unconfirmed]
    this.#unconfirmed = []
    const { interval, scheduler } = this.#settings
    this.#silences = 0
    this.#listen()
    line.flush(() => {
      if (line !== this.#line) return
      this.#flushing = false
      this.#messages -= messages
      this.#bytes -= bytes
      // not one that comes and goes at once: the next wait is as long as the last
      if (scheduler.now() - this.#openedAt >= interval) this.#attempts = 0
      this.#after(interval, () => this.#flush())
      if (this.#messages > 0 || this.#unconfirmed.length > 0) this.#flush()
      for (const each of subscribed) each.confirmed?.()
    })
  }

  // In parts: after a turn of ours that took longer than all of them, the answer is still unread.
  #listen(): void {
    const { timeout } = this.#settings
    this.#after(timeout / looks, () => {
      if (++this.#silences < looks) this.#listen()
      else this.#lost(new Error(`no answer for ${timeout} ms`))
    })
  }

  #confirmLater(subscribed: Subscribed): void {
    if (!this.#line) return
    this.#unconfirmed.push(subscribed)
    this.#flush()
  }

  #after(milliseconds: number, then: () => void): void {
    this.#timer?.unsubscribe()
    this.#timer = this.#settings.scheduler.schedule(then, milliseconds)
  }

  #change(status: BrokerStatus): void {
    this.#now = status
    this.#statuses.next(status)
  }
}
