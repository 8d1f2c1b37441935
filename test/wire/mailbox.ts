/** Keeps what arrives until somebody asks for it. */
export class Mailbox<T> {
  readonly #waiting: T[] = []
  readonly #asking: ((value: T) => void)[] = []

  put(value: T): void {
    const ask = this.#asking.shift()
    if (ask) ask(value)
    else this.#waiting.push(value)
  }

  /** The next one. */
  next(): Promise<T> {
    const value = this.#waiting.shift()
    if (value !== undefined) return Promise.resolve(value)
    return new Promise(resolve => this.#asking.push(resolve))
  }

  /** So many, in order. */
  async take(count: number): Promise<T[]> {
    const taken: T[] = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }
}
