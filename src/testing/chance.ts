/** Chance that can be had again: the same seed gives the same numbers. */

import type { Random } from '../random.js'

/** A xorshift generator: few bits of state, and good enough to spread timers. */
export function seeded(seed: number): Random {
  // the finalizer of MurmurHash3: seeds that are neighbours start far apart
  let word = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  word ^= word >>> 13
  word = Math.imul(word, 0xc2b2ae35)
  // zero would stay zero
  word = word ^ (word >>> 16) || 1
  return () => {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    return (word >>> 0) / 2 ** 32
  }
}
