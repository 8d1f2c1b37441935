/** Broadcast: tells many subscribers, of whom none can keep the others from being told. */

import type { Subscriber } from 'rxjs'
import { report } from '../report.js'

export class Broadcast<T> {
  // replaced, never changed in place: one may come or go while the others are told
  #subscribers: readonly Subscriber<T>[] = []

  get observed(): boolean {
    return this.#subscribers.length > 0
  }

  /** Adds a subscriber; returns what removes it. */
  add(subscriber: Subscriber<T>): () => void {
    // spread would leave room for more, in each of thousands
    this.#subscribers = this.#subscribers.concat(subscriber)
    return () => this.remove(subscriber)
  }

  /** Removes a subscriber. */
  remove(subscriber: Subscriber<T>): void {
    this.#subscribers = this.#subscribers.filter(each => each !== subscriber)
  }

  /** Tells all that are there, for as long as the source is live. */
  next(value: T, source?: { readonly live: boolean }): void {
    for (const subscriber of this.#subscribers) {
      if (source && !source.live) return
      // RxJS catches whatever is thrown behind this, and behind complete() it does not
      subscriber.next(value)
    }
  }

  complete(): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.complete()
      } catch (error) {
        // its teardown failed
        report(error)
      }
    }
  }
}
