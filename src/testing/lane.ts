/** Lane: one direction of a virtual wire, in order, with latency, jitter, bandwidth and faults. */

import type { SchedulerLike } from 'rxjs'
import type { Random } from '../random.js'
import { type Segment, sizeOf } from './frame.js'
import { readWire, type Wire, type WireOptions } from './wire.js'

export type { WireOptions } from './wire.js'

const chunkBytes = 64 * 1024

/** A segment on its way; its bytes leave one after the other. */
interface Leaving {
  readonly size: number
  readonly from: number
  readonly to: number
}

interface InFlight extends Leaving {
  readonly due: number
  readonly segment: Segment
}

export class Lane {
  readonly #scheduler: SchedulerLike
  readonly #random: Random
  readonly #wire: Wire
  readonly #waiting: Segment[] = []
  #inFlight: InFlight[] = []
  // what a turn writes leaves at its end, as from a socket that is corked
  #corked = false
  #flushing = false
  #sending: Leaving | undefined
  // when what was sent so far is under way, in fractions of a ms
  #free = 0
  #stalled = false
  #held = false
  #dead = false
  // when the bytes on their way stopped
  #stoppedAt = Infinity
  /** Bytes that were written and are not under way yet. */
  buffered = 0
  /** Takes what arrives at one time, as one chunk. */
  deliver: (chunk: readonly Segment[]) => void = () => undefined
  /** Told when `buffered` may have shrunk. */
  written: () => void = () => undefined

  constructor(scheduler: SchedulerLike, random: Random, options: WireOptions) {
    this.#scheduler = scheduler
    this.#random = random
    this.#wire = readWire(options)
  }

  /** Takes what is to be sent; it leaves at the end of the turn. */
  write(segment: Segment): void {
    if (this.#dead) return
    this.#waiting.push(segment)
    this.buffered += sizeOf(segment)
    if (this.#sending || this.#corked) return
    if (this.#flushing) {
      this.#start()
    } else {
      this.#corked = true
      this.#scheduler.schedule(() => this.#uncork())
    }
  }

  /** The network takes nothing and brings nothing, until it is resumed. */
  stall(): void {
    this.#stalled = true
    this.#stop()
  }

  /** The network works again. */
  resume(): void {
    this.#stalled = false
    this.#flow()
  }

  /** The receiver reads no more: there are no kernel buffers here, so the sender feels it at once. */
  hold(): void {
    this.#held = true
    this.#stop()
  }

  #stop(): void {
    this.#stoppedAt = Math.min(this.#stoppedAt, this.#scheduler.now())
  }

  /** Bytes that the receiver has of what has not arrived whole: a large frame comes bit by bit. */
  get partial(): number {
    const then = Math.min(this.#scheduler.now(), this.#stoppedAt) - this.#wire.latency
    const all: readonly Leaving[] = this.#sending
      ? [...this.#inFlight, this.#sending]
      : this.#inFlight
    return all.reduce((sum, { size, from, to }) => {
      const share = to > from ? (then - from) / (to - from) : 0
      return sum + Math.floor(size * Math.min(Math.max(share, 0), 1))
    }, 0)
  }

  /** The receiver reads on. */
  release(): void {
    this.#held = false
    this.#flow()
  }

  /** Brings now what needs no time: whatever comes next is behind it. */
  settle(): void {
    this.#uncork()
    this.#arrive()
  }

  /** Forgets what the network does not take now: the sender's process threw its buffers away. */
  abandon(): void {
    if (this.#corked && !this.#sending) this.#start()
    this.#corked = false
    this.#waiting.length = 0
    this.buffered = 0
  }

  /** Brings nothing any more, ever. */
  cut(): void {
    this.#dead = true
    this.#waiting.length = 0
    this.buffered = 0
    this.#inFlight = []
  }

  #flow(): void {
    if (this.#stalled || this.#held) return
    this.#stoppedAt = Infinity
    this.#scheduler.schedule(() => {
      this.#arrive()
      this.#flush()
    })
  }

  #uncork(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#flush()
  }

  // What is written because there is room again leaves at once as well.
  #flush(): void {
    if (this.#dead || this.#flushing) return
    this.#flushing = true
    if (!this.#sending) this.#start()
    this.written()
    this.#flushing = false
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
      const from = this.#free
      this.#free += (size / this.#wire.bandwidth) * 1_000
      const leaving = { size, from, to: this.#free }
      // whole ms, as marbles count; the fraction is carried on, so that the rate is right
      const duration = Math.ceil(this.#free - 1e-6) - now
      if (duration <= 0) {
        this.#depart(segment, leaving)
      } else {
        this.#sending = leaving
        this.#scheduler.schedule(() => {
          this.#sending = undefined
          if (this.#dead) return
          this.#depart(segment, leaving)
          this.#send()
          this.written()
        }, duration)
      }
    }
  }

  #depart(segment: Segment, leaving: Leaving): void {
    this.buffered = Math.max(0, this.buffered - leaving.size)
    const { latency, jitter } = this.#wire
    const now = this.#scheduler.now()
    const delay = latency + (jitter > 0 ? Math.floor(this.#random() * (jitter + 1)) : 0)
    const last = this.#inFlight.at(-1)?.due ?? -1
    const due = Math.max(last, now + delay)
    this.#inFlight.push({ ...leaving, due, segment })
    // what arrives at one time needs one timer
    if (due !== last) this.#scheduler.schedule(() => this.#arrive(), due - now)
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
