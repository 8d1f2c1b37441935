/** Chance, as the `random` option has it: a number from 0 up to, but not including, 1. */

export type Random = () => number

export const systemRandom: Random = () => {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word / 2 ** 32
}
