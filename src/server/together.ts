/** Together: the acceptors of one server, each with its path, whose connections end together. */

import type { Drained } from './drain.js'
import type { Refusal } from './upgrade.js'

/** An acceptor, whatever its messages are. */
export interface Party {
  readonly path: string | undefined
  readonly roster: {
    readonly live: ReadonlySet<Drained>
    refuse(status: number): void
    end(): void
  }
  gone: (() => void) | undefined
  shut(refusal: Refusal): void
}

export class Together implements Iterable<Drained> {
  readonly #parties = new Set<Party>()
  #gone: (() => void) | undefined
  #refusal: Refusal | undefined

  add(party: Party): void {
    this.#parties.add(party)
    party.gone = this.#gone
    if (this.#refusal) party.shut(this.#refusal)
  }

  /** Whose path this is. */
  at(path: string | undefined): Party | undefined {
    for (const party of this.#parties) if (party.path === path) return party
    return undefined
  }

  /** How many connections there are. */
  get size(): number {
    let size = 0
    for (const { roster } of this.#parties) size += roster.live.size
    return size
  }

  *[Symbol.iterator](): IterableIterator<Drained> {
    for (const { roster } of this.#parties) yield* roster.live
  }

  /** From now on nobody gets in; `gone` is told of each connection that ends. */
  shut(refusal: Refusal, gone: () => void): void {
    this.#refusal = refusal
    this.#gone = gone
    for (const party of this.#parties) {
      party.shut(refusal)
      party.gone = gone
    }
  }

  /** All are gone. */
  end(): void {
    for (const { roster } of this.#parties) roster.end()
  }
}
