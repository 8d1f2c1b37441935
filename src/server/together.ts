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
  // those that take nobody any more, and have connections yet
  readonly #leaving = new Set<Party>()
  #gone: (() => void) | undefined
  #refusal: Refusal | undefined

  add(party: Party): void {
    this.#leaving.delete(party)
    this.#parties.add(party)
    party.gone = () => {
      if (party.roster.live.size === 0) this.#leaving.delete(party)
      this.#gone?.()
    }
    if (this.#refusal) party.shut(this.#refusal)
  }

  /** It takes nobody any more: what it has is of this server until it is gone. */
  leave(party: Party): void {
    this.#parties.delete(party)
    if (party.roster.live.size > 0) this.#leaving.add(party)
  }

  /** Whose path this is. */
  at(path: string | undefined): Party | undefined {
    for (const party of this.#parties) if (party.path === path) return party
    return undefined
  }

  /** How many connections there are. */
  get size(): number {
    let size = 0
    for (const { roster } of this.#all()) size += roster.live.size
    return size
  }

  *[Symbol.iterator](): IterableIterator<Drained> {
    for (const { roster } of this.#all()) yield* roster.live
  }

  /** From now on nobody gets in; `gone` is told of each connection that ends. */
  shut(refusal: Refusal, gone: () => void): void {
    this.#refusal = refusal
    this.#gone = gone
    for (const party of this.#all()) party.shut(refusal)
  }

  /** All are gone. */
  end(): void {
    for (const { roster } of this.#all()) roster.end()
  }

  *#all(): IterableIterator<Party> {
    yield* this.#parties
    yield* this.#leaving
  }
}
