/** Id: names for connections that no other process gives. */

import type { Random } from '../random.js'

/** Gives a name at each call. */
export function ids(random: Random): () => string {
  const first = Math.floor(random() * 2 ** 48).toString(36)
  let count = 0
  return () => `${first}-${(count++).toString(36)}`
}
