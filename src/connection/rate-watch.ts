/** RateWatch: holds what comes in to a rate, by buckets that fill as time passes. */

import type { SchedulerLike, Subscription } from 'rxjs'
import { RateError } from '../errors.js'
import type { Socket } from '../socket.js'
import type { Brake } from './brake.js'
import type { Kind, Rate } from './rate.js'

// How long one that was told to go waits between two chunks, in ms.
const breath = 20

export class RateWatch {
  readonly #rate: Rate
  readonly #socket: Socket
  readonly #scheduler: SchedulerLike
  readonly #brake: Brake
  readonly #exceeded: (error: RateError) => void
  // what may still come; less than nothing is a debt
  readonly #left: number[]
  #filledAt: number
  #bytesRead: number
  #waiting: Subscription | undefined
  // the peer was told, or is told something else
  #over = false
  #exceeding = false

  constructor(
    rate: Rate,
    socket: Socket,
    scheduler: SchedulerLike,
    brake: Brake,
    exceeded: (error: RateError) => void,
  ) {
    this.#rate = rate
    this.#socket = socket
    this.#scheduler = scheduler
    this.#brake = brake
    this.#exceeded = exceeded
    this.#left = rate.limits.map(({ room }) => room)
    this.#filledAt = scheduler.now()
    this.#bytesRead = socket.bytesRead
    socket.addListener('message', () => this.#came('messages'))
    socket.addListener('control', () => this.#came('pings'))
  }

  /** The connection leaves open: nothing more is counted. */
  stop(): void {
    this.#over = true
    this.#waiting?.unsubscribe()
    this.#waiting = undefined
  }

  #came(what: Kind): void {
    if (this.#over) {
      if (this.#exceeding) this.#slow()
      return
    }
    const { bytesRead } = this.#socket
    const amounts = { messages: 0, pings: 0, bytes: bytesRead - this.#bytesRead, [what]: 1 }
    this.#bytesRead = bytesRead
    this.#fill()
    const { limits, beyond } = this.#rate
    let exceeded: (typeof limits)[number] | undefined
    limits.forEach((limit, at) => {
      const left = (this.#left[at] ?? 0) - amounts[limit.kind]
      this.#left[at] = left
      if (left < 0) exceeded ??= limit
    })
    if (!exceeded) return
    if (beyond === 'pause') {
      this.#pause()
      return
    }
    this.#over = true
    this.#exceeding = true
    this.#exceeded(new RateError(exceeded.kind, exceeded.rate))
  }

  // Told to go it may go on: a chunk now and then is enough to find its Close frame in.
  #slow(): void {
    if (this.#waiting) return
    this.#brake.hold('rate')
    this.#waiting = this.#scheduler.schedule(() => {
      this.#waiting = undefined
      this.#brake.release('rate')
    }, breath)
  }

  #fill(): void {
    const now = this.#scheduler.now()
    const seconds = Math.max(0, now - this.#filledAt) / 1_000
    this.#filledAt = now
    this.#rate.limits.forEach(({ rate, room }, at) => {
      this.#left[at] = Math.min(room, (this.#left[at] ?? 0) + rate * seconds)
    })
  }

  // What had been read already still comes: it makes the debt larger, and the wait longer.
  #pause(): void {
    this.#waiting?.unsubscribe()
    this.#brake.hold('rate')
    const seconds = this.#rate.limits.map(({ rate }, at) => -(this.#left[at] ?? 0) / rate)
    this.#waiting = this.#scheduler.schedule(
      () => {
        this.#waiting = undefined
        this.#brake.release('rate')
      },
      Math.ceil(Math.max(...seconds) * 1_000),
    )
  }
}
