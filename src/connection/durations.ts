/** Durations: how long something took, each time, as a histogram that only grows. */

/** How many took how long: `buckets` are cumulative, and what is beyond the last is in `count`. */
export interface DurationCounts {
  /** How many there were. */
  readonly count: number
  /** All of them together, in ms. */
  readonly sum: number
  /** How many took at most `le` ms. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[]
}

const bounds = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]

export class Durations {
  #count = 0
  #sum = 0
  readonly #within = bounds.map(() => 0)

  /** Counts one, in ms. */
  add(milliseconds: number): void {
    // a clock may be set back
    const took = Math.max(0, milliseconds)
    this.#count++
    this.#sum += took
    const bucket = bounds.findIndex(bound => took <= bound)
    const within = this.#within[bucket]
    if (within !== undefined) this.#within[bucket] = within + 1
  }

  get counts(): DurationCounts {
    let count = 0
    const buckets = bounds.map((le, at) => ({ le, count: (count += this.#within[at] ?? 0) }))
    return { count: this.#count, sum: this.#sum, buckets }
  }
}
