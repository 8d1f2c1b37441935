/** Members: who is in a topic, in this process. */

import { Observable, type Subscriber } from 'rxjs'
import { Broadcast } from '../connection/broadcast.js'

/** Who was here at one moment, in this process. */
export interface Presence<Who = unknown> {
  /** All members. */
  readonly count: number
  /** Those that joined as somebody, in the order in which they came. */
  readonly who: readonly Who[]
}

/** Who is here, in this process: read live. */
export interface Members<Who = unknown> extends Presence<Who> {
  /** Who is here now, then again whenever somebody comes or goes. */
  readonly changes: Observable<Presence<Who>>
}

export class Crowd<T> {
  readonly #members = new Map<Subscriber<T>, { readonly who: unknown } | undefined>()
  readonly #watchers = new Broadcast<Presence<never>>()
  // both made when they are asked for, and forgotten when somebody comes or goes
  #list: readonly Subscriber<T>[] | undefined
  #who: readonly unknown[] | undefined

  get count(): number {
    return this.#members.size
  }

  get watched(): boolean {
    return this.#watchers.observed
  }

  /** All of them as they are now: it does not change when somebody comes or goes. */
  get list(): readonly Subscriber<T>[] {
    return (this.#list ??= [...this.#members.keys()])
  }

  get who(): readonly never[] {
    this.#who ??= [...this.#members.values()].flatMap(member => (member ? [member.who] : []))
    return this.#who as readonly never[]
  }

  add(subscriber: Subscriber<T>, as: { readonly who: unknown } | undefined): void {
    this.#members.set(subscriber, as)
    this.#changed()
  }

  remove(subscriber: Subscriber<T>): void {
    if (this.#members.delete(subscriber)) this.#changed()
  }

  watch(subscriber: Subscriber<Presence<never>>): () => void {
    subscriber.next(this.#presence())
    return this.#watchers.add(subscriber)
  }

  #changed(): void {
    this.#list = this.#who = undefined
    if (this.watched) this.#watchers.next(this.#presence())
  }

  #presence(): Presence<never> {
    return { count: this.count, who: this.who }
  }
}
