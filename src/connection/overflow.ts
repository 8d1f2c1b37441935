/** Overflow: what happens when more waits than the outbox holds. */

import { callable, refused } from '../option.js'

/**
 * - `'close'`: the connection closes with 1013, as its peer is too slow.
 * - `'dropOldest'`: what has waited longest is dropped.
 * - `'dropNewest'`: what came last is dropped.
 * - `latest(key)`: of each key only the newest waits; too many keys close with 1013.
 * - `'error'`: the writer has failed: the connection closes with 1011.
 */
export type Overflow<Out> = (typeof words)[number] | Latest<Out>

/** Made by {@link latest}. */
export interface Latest<Out> {
  /** What a value is about: of each key only the newest waits. */
  readonly key: (value: Out) => unknown
}

const words = ['close', 'dropOldest', 'dropNewest', 'error'] as const

/**
 * Of all values with the same key only the newest waits to be sent, in the place of the one it
 * replaces: for prices, positions, progress. Without a function there is one key for all. Keys are
 * compared as those of a `Map`. What is replaced counts as dropped.
 */
export function latest<Out>(key: (value: Out) => unknown = () => undefined): Latest<Out> {
  return { key: callable('latest: key', key) ?? key }
}

/** @throws {TypeError} for what is no policy. */
export function readOverflow<Out>(name: string, value: Overflow<Out> | undefined): Overflow<Out> {
  if (value === undefined) return 'close'
  if (typeof value === 'string' && words.includes(value)) return value
  if (
    typeof value === 'object' &&
    typeof (value as Partial<Latest<Out>> | null)?.key === 'function'
  ) {
    return value
  }
  return refused(name, value, `${words.map(word => `'${word}'`).join(', ')} or latest(key)`)
}
