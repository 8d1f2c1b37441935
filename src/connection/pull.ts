/** Pull: takes an AsyncIterable one value at a time, at the pace of whoever takes it. */

/** Who takes the values. */
export interface Taker<T> {
  /** Whether it still wants any. */
  wants(): boolean
  /** Takes a value, and calls `next` when it has room for another. */
  take(value: T, next: () => void): void
  completed(): void
  failed(error: unknown): void
}

/** Starts pulling; returns what ends it and lets the source clean up. */
export function pull<T>(source: AsyncIterable<T>, taker: Taker<T>): () => void {
  let iterator: AsyncIterator<T> | undefined
  const failed = (error: unknown) => {
    iterator = undefined
    taker.failed(error)
  }
  const taken = (result: IteratorResult<T>) => {
    if (!iterator || !taker.wants()) return
    // nobody waits for this promise: what is thrown here would end the process
    try {
      if (result.done) {
        iterator = undefined
        taker.completed()
      } else {
        taker.take(result.value, next)
      }
    } catch (error) {
      failed(error)
    }
  }
  const next = () => {
    if (!iterator || !taker.wants()) return
    try {
      iterator.next().then(taken, failed)
    } catch (error) {
      failed(error)
    }
  }
  const stop = () => {
    const left = iterator
    iterator = undefined
    try {
      // a generator with a pull pending returns as soon as that is settled
      left?.return?.().then(undefined, failed)
    } catch (error) {
      failed(error)
    }
  }
  try {
    const made = source[Symbol.asyncIterator]() as AsyncIterator<T> | undefined
    if (!made) throw new TypeError('An AsyncIterable has an iterator')
    iterator = made
  } catch (error) {
    failed(error)
  }
  next()
  // its own code may have ended it while it began
  if (!taker.wants()) stop()
  return stop
}
