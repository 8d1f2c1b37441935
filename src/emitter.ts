/** A small emitter with one argument an event, for socket adapters on every platform. */

type Listener<T> = (value: T) => void

type Lists<Events> = { [E in keyof Events]?: readonly Listener<Events[E]>[] | undefined }

interface Listening<Events> {
  addListener<E extends keyof Events>(event: E, listener: Listener<Events[E]>): unknown
}

export class Emitter<Events extends object> {
  // replaced, never changed in place: a listener may come or go while an event is told
  readonly #lists: Lists<Events> = {}

  addListener<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const list = this.#lists[event]
    this.#lists[event] = list ? list.concat(listener) : [listener]
    return this
  }

  removeListener<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const list = this.#lists[event]
    const index = list?.lastIndexOf(listener) ?? -1
    if (!list || index < 0) return this
    this.#lists[event] = list.length > 1 ? list.filter((_, at) => at !== index) : undefined
    return this
  }

  /** How many listen: to skip work that nobody would see, and to prove that nothing leaks. */
  listenerCount(event: keyof Events): number {
    return this.#lists[event]?.length ?? 0
  }

  /** Hands all listeners on to another one: what comes is told there. */
  protected moveListeners(to: Listening<Events>): void {
    for (const event of Object.keys(this.#lists) as (keyof Events)[]) {
      const list = this.#lists[event] ?? []
      this.#lists[event] = []
      for (const listener of list) to.addListener(event, listener)
    }
  }

  protected tell<E extends keyof Events>(event: E, value: Events[E]): void {
    const list = this.#lists[event]
    if (list) for (const listener of list) listener(value)
  }
}
