/**
 * Sweep: looks after all open connections of one server or client with one timer: who is still
 * there, who is idle, who has lived long enough.
 */

import type { SchedulerLike, Subscription } from 'rxjs'
import { CloseCode } from '../close.js'
import { HeartbeatError, TimeoutError } from '../errors.js'
import type { Random } from '../random.js'
import { Durations } from './durations.js'

/** What is looked after; all in ms, `undefined` is off. */
export interface SweepTimes {
  readonly heartbeat:
    | {
        readonly interval: number
        readonly timeout: number
        /** Whether this side is to be heard as well. */
        readonly beats?: boolean | undefined
      }
    | undefined
  readonly idle: number | undefined
  readonly lifetime: number | undefined
}

/** What the sweep sees of a connection. */
export interface Swept {
  /** Bytes that have come in, of any frame: a slow large frame is a sign of life too. */
  readonly bytesRead: number
  /** Messages that have come in or gone out. */
  readonly messages: number
  /** Messages that have gone out, of any kind. */
  readonly handed: number
  /** Reading pauses, or what is sent backs up: nothing can be heard, and the stall deadline rules. */
  readonly deaf: boolean
  /** Pings; `answered` is called when the answer has come, where that is told. */
  ping(answered?: () => void): void
  /** Says something, so that the peer hears that this side is there. */
  beat(): void
  /** The peer is gone. */
  lost(error: Error): void
  /** Its time is over. */
  expired(code: number, reason: string, error: Error): void
}

interface Watch {
  bytesRead: number
  messages: number
  heardAt: number
  pingAt: number
  handed: number
  saidAt: number
  activeAt: number
  readonly openedAt: number
  /** How long the last ping took, in ms. */
  roundTrip: number | undefined
}

// How often the sweep looks, in the shortest of its times.
const looks = 10

export class Sweep {
  readonly #scheduler: SchedulerLike
  readonly #random: Random
  readonly #times: SweepTimes
  readonly #period: number
  readonly #watches = new Map<Swept, Watch>()
  // when those were pinged that have not answered yet
  readonly #pinged = new Map<Swept, number>()
  /** How long pings took that were answered. */
  readonly roundTrips = new Durations()
  #timer: Subscription | undefined
  // what times are counted from: small whole numbers take no memory of their own
  readonly #origin: number
  #lookedAt = 0

  constructor(scheduler: SchedulerLike, random: Random, times: SweepTimes) {
    this.#scheduler = scheduler
    this.#origin = scheduler.now()
    this.#random = random
    this.#times = times
    const { heartbeat, idle, lifetime } = times
    const all = [heartbeat?.interval, heartbeat?.timeout, idle, lifetime]
    this.#period = Math.min(...all.map(each => each ?? Infinity)) / looks
  }

  #now(): number {
    return this.#scheduler.now() - this.#origin
  }

  /** The connection is open. */
  add(connection: Swept): void {
    if (this.#period === Infinity) return
    const now = this.#now()
    const interval = this.#times.heartbeat?.interval ?? Infinity
    // spread, so that thousands that came at once are not pinged at once for ever
    const firstAt = Math.round(now + interval * (0.5 + this.#random() / 2))
    this.#watches.set(connection, {
      bytesRead: connection.bytesRead,
      messages: connection.messages,
      heardAt: now,
      pingAt: firstAt,
      handed: connection.handed,
      saidAt: firstAt - interval,
      activeAt: now,
      openedAt: now,
      roundTrip: undefined,
    })
    if (this.#timer) return
    this.#lookedAt = now
    this.#timer = this.#scheduler.schedule(() => this.#look(), this.#period)
  }

  /** The connection has left open. */
  remove(connection: Swept): void {
    this.#watches.delete(connection)
    this.#pinged.delete(connection)
    if (this.#watches.size > 0) return
    this.#timer?.unsubscribe()
    this.#timer = undefined
  }

  /** What is known of a connection that is open. */
  watched(connection: Swept): Pick<Watch, 'openedAt' | 'roundTrip'> | undefined {
    const watch = this.#watches.get(connection)
    if (!watch) return undefined
    return { openedAt: watch.openedAt + this.#origin, roundTrip: watch.roundTrip }
  }

  #look(): void {
    this.#timer = this.#scheduler.schedule(() => this.#look(), this.#period)
    const now = this.#now()
    // a process that was held up has not listened: what came meanwhile is read behind this turn
    const late = now - this.#lookedAt - this.#period
    this.#lookedAt = now
    for (const [connection, watch] of this.#watches) {
      if (late > this.#period) watch.heardAt += late
      this.#examine(connection, watch, now)
    }
  }

  #examine(connection: Swept, watch: Watch, now: number): void {
    const { heartbeat, idle, lifetime } = this.#times
    const { bytesRead, messages } = connection
    if (messages !== watch.messages) watch.activeAt = now
    watch.messages = messages
    if (lifetime !== undefined && now - watch.openedAt >= lifetime) {
      const error = new TimeoutError('lifetime', lifetime)
      connection.expired(CloseCode.serviceRestart, 'lifetime over', error)
    } else if (idle !== undefined && now - watch.activeAt >= idle) {
      connection.expired(CloseCode.policyViolation, 'idle', new TimeoutError('idle', idle))
    } else if (heartbeat) {
      if (bytesRead !== watch.bytesRead || connection.deaf) {
        watch.heardAt = now
        watch.pingAt = Math.max(watch.pingAt, now + heartbeat.interval)
      }
      watch.bytesRead = bytesRead
      if (heartbeat.beats) this.#beSeen(connection, watch, now, heartbeat.interval)
      if (now - watch.heardAt >= heartbeat.timeout) {
        connection.lost(new HeartbeatError(heartbeat.timeout))
      } else if (now >= watch.pingAt) {
        watch.pingAt = now + heartbeat.interval
        this.#ping(connection, watch)
      }
    }
  }

  #ping(connection: Swept, watch: Watch): void {
    if (this.#pinged.has(connection)) {
      connection.ping()
      return
    }
    this.#pinged.set(connection, this.#scheduler.now())
    connection.ping(() => {
      const at = this.#pinged.get(connection)
      if (at === undefined) return
      this.#pinged.delete(connection)
      watch.roundTrip = this.#scheduler.now() - at
      this.roundTrips.add(watch.roundTrip)
    })
  }

  // A peer that is a browser sees messages alone, whatever it says itself.
  #beSeen(connection: Swept, watch: Watch, now: number, interval: number): void {
    const { handed } = connection
    if (handed !== watch.handed) watch.saidAt = now
    watch.handed = handed
    if (now - watch.saidAt < interval) return
    connection.beat()
    watch.handed = connection.handed
    watch.saidAt = now
  }
}
