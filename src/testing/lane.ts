/** Lane: one direction of a virtual wire, in order, with latency, jitter, bandwidth and faults. */

import type { SchedulerLike } from 'rxjs'
import type { Random } from '../random.js'
import { type Segment, sizeOf } from './frame.js'

/** How a wire behaves. */
export interface WireOptions {
  /** From one end to the other, in ms. Default 0. */
  latency?: number | undefined
  /** Up to so many ms more for each frame, by the seeded dice; order is kept. Default 0. */
  jitter?: number | undefined
  /** Bytes a second. Default: no limit. */
  bandwidth?: number | undefined
}

const chunkBytes = 64 * 1024

interface InFlight {
  readonly due: number
  readonly segment: Segment
}

export class Lane {
  readonly #scheduler: SchedulerLike
  readonly #random: Random
  readonly #latency: number
  readonly #jitter: number
  readonly #bandwidth: number
  readonly #waiting: Segment[] = []
  #inFlight: InFlight[] = []
  #sending = false
  // when what was sent so far is under way, in fractions of a ms
  #free = 0
  #stalled = false
  #held = false
  #dead = false
  /** Bytes that were written and are not under way yet. */
  buffered = 0
  /** Takes what arrives at one time, as one chunk. */
  deliver: (chunk: readonly Segment[]) => void = () => undefined
  /** Told when `buffered` has shrunk. */
  written: () => void = () => undefined

  constructor(scheduler: SchedulerLike, random: Random, options: WireOptions) {
    this.#scheduler = scheduler
    this.#random = random
    this.#latency = options.latency ?? 0
    this.#jitter = options.jitter ?? 0
    this.#bandwidth = options.bandwidth ?? Infinity
  }

  write(segment: Segment): void {
    if (this.#dead) return
    this.#waiting.push(segment)
    this.buffered += sizeOf(segment)
    if (!this.#sending) this.#start()
  }

  /** The network takes nothing and brings nothing, until it is resumed. */
  stall(): void {
    this.#stalled = true
  }

  /** The network works again. */
  resume(): void {
    this.#stalled = false
    this.#flow()
  }

  /** The receiver reads no more: there are no kernel buffers here, so the sender feels it at once. */
  hold(): void {
    this.#held = true
  }

  /** The receiver reads on. */
  release(): void {
    this.#held = false
    this.#flow()
  }

  /** Forgets what is not under way yet: the sender's process threw its buffers away. */
  abandon(): void {
    this.#waiting.length = 0
    this.buffered = 0
  }

  /** Brings nothing any more, ever. */
  cut(): void {
    this.abandon()
    this.#dead = true
    this.#inFlight = []
  }

  #flow(): void {
    if (this.#stalled || this.#held) return
    this.#scheduler.schedule(() => {
      this.#arrive()
      if (!this.#sending) this.#start()
      this.written()
    })
  }

  #start(): void {
    this.#free = Math.max(this.#free, this.#scheduler.now())
    this.#send()
  }

  #send(): void {
    while (!this.#sending && !this.#stalled && !this.#held) {
      const segment = this.#waiting.shift()
      if (segment === undefined) return
      const size = sizeOf(segment)
      const now = this.#scheduler.now()
      this.#free += (size / this.#bandwidth) * 1_000
      // whole ms, as marbles count; the fraction is carried on, so that the rate is right
      const duration = Math.ceil(this.#free - 1e-6) - now
      if (duration <= 0) {
        this.#depart(segment, size)
      } else {
        this.#sending = true
        this.#scheduler.schedule(() => {
          this.#sending = false
          if (this.#dead) return
          this.#depart(segment, size)
          this.#send()
          this.written()
        }, duration)
      }
    }
  }

  #depart(segment: Segment, size: number): void {
    this.buffered = Math.max(0, this.buffered - size)
    const now = this.#scheduler.now()
    const delay =
      this.#latency + (this.#jitter > 0 ? Math.floor(this.#random() * (this.#jitter + 1)) : 0)
    const last = this.#inFlight.at(-1)?.due ?? 0
    const due = Math.max(last, now + delay)
    this.#inFlight.push({ due, segment })
    this.#scheduler.schedule(() => this.#arrive(), due - now)
  }

  // What arrives at one time comes in chunks, as the operating system reads it. The receiver gets a
  // chunk whole, also when it pauses in the middle of it.
  #arrive(): void {
    const now = this.#scheduler.now()
    while (!this.#stalled && !this.#held && !this.#dead) {
      let bytes = 0
      let count = 0
      for (const { due, segment } of this.#inFlight) {
        if (due > now || bytes >= chunkBytes) break
        bytes += sizeOf(segment)
        count++
      }
      if (count === 0) return
      this.deliver(this.#inFlight.splice(0, count).map(({ segment }) => segment))
    }
  }
}
