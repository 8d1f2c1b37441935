/** Recording: what came when, to be compared with marbles at the end. */

import type { Observable, ObservableNotification } from 'rxjs'

/** What happened, and at which virtual ms. */
export type TestMessages = {
  readonly frame: number
  readonly notification: ObservableNotification<unknown>
}[]

/** What came of a stream, or reached a peer, from 0 ms on. */
export class Recording<T> {
  /** What a failure calls it. */
  readonly name: string
  /** What came, with its times. */
  readonly messages: TestMessages = []
  readonly #now: () => number
  readonly #running: () => boolean

  constructor(name: string, now: () => number, running: () => boolean) {
    this.name = name
    this.#now = now
    this.#running = running
  }

  /** The values alone, without their times. */
  get values(): T[] {
    return this.messages.flatMap(({ notification }) =>
      notification.kind === 'N' ? [notification.value as T] : [],
    )
  }

  /** Notes a value. */
  add(value: T): void {
    this.#note({ kind: 'N', value })
  }

  /** Records a whole stream; a stream within it is recorded as itself. */
  follow(observable: Observable<T>): this {
    observable.subscribe({
      next: value => this.add(value),
      error: (error: unknown) => this.#note({ kind: 'E', error }),
      complete: () => this.#note({ kind: 'C' }),
    })
    return this
  }

  #note(notification: ObservableNotification<unknown>): void {
    if (this.#running()) this.messages.push({ frame: this.#now(), notification })
  }
}
