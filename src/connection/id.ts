/** Id: names for connections that no other process gives. */

import type { Random } from '../random.js'

/** Gives a name at each call. */
export function ids(random: Random): () => string {
  // 32 bits a draw are too few for all processes
  const part = () => Math.floor(random() * 2 ** 32).toString(36)
  const first = `${part()}${part()}-`
  let count = 0
  return () => first + (count++).toString(36)
}
