/** Chance, as the `random` option has it: a number from 0 up to, but not including, 1. */

export type Random = () => number

// Asking the system costs far more than a number: they are drawn in advance, and each is used once.
const drawn = new Uint32Array(256)
let left = 0

export const systemRandom: Random = () => {
  if (left === 0) {
    crypto.getRandomValues(drawn)
    left = drawn.length
  }
  return (drawn[--left] ?? 0) / 2 ** 32
}
