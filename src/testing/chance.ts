/** Chance that can be had again: the same seed gives the same numbers. */

import type { Random } from '../random.js'

/** A xorshift generator: few bits of state, and good enough to spread timers. */
export function seeded(seed: number): Random {
  // zero would stay zero
  let word = (seed ^ 0x9e3779b9) | 0 || 1
  return () => {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    return (word >>> 0) / 2 ** 32
  }
}
