/** Symbols: the one letter that each value has in the marbles of a failure. */

import type { ObservableNotification } from 'rxjs'
import { equal } from './equal.js'
import type { TestMessages } from './recording.js'
import { show } from './show.js'

const ownLetter = /^[a-z0-9]$/i
const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')

/** The test's own letter where there is one, the value itself where it is a letter, else a capital. */
export class Symbols {
  readonly #named: readonly (readonly [letter: string, value: unknown])[]
  // letters that stand for themselves
  readonly #themselves: ReadonlySet<string>
  readonly #used: { letter: string; value: unknown; other: unknown }[] = []

  constructor(values: Readonly<Record<string, unknown>>, messages: TestMessages) {
    this.#named = Object.entries(values)
    const themselves = messages.flatMap(({ notification }) =>
      notification.kind === 'N' && isLetter(notification.value) ? [notification.value] : [],
    )
    this.#themselves = new Set(themselves.filter(letter => !(letter in values)))
  }

  /** The symbol of what was told; `other` is what stands in its place on the other line. */
  of(
    notification: ObservableNotification<unknown>,
    other: ObservableNotification<unknown> | undefined,
  ): string {
    if (notification.kind === 'C') return '|'
    if (notification.kind === 'E') {
      const against: unknown = other?.kind === 'E' ? other.error : undefined
      return this.#symbol(notification.error, against, '#')
    }
    return this.#symbol(notification.value, other?.kind === 'N' ? other.value : undefined, '')
  }

  /** What the symbols stand for. */
  legend(): string[] {
    return this.#used.map(({ letter, value, other }) => `${letter} = ${show(value, other)}`)
  }

  #symbol(value: unknown, other: unknown, prefix: '' | '#'): string {
    const used = this.#used.find(
      each => each.letter.startsWith('#') === (prefix === '#') && equal(value, each.value),
    )
    if (used) return used.letter
    const letter = prefix === '#' ? this.#hash() : this.#letter(value)
    this.#used.push({ letter, value, other })
    return letter
  }

  #hash(): string {
    const errors = this.#used.filter(({ letter }) => letter.startsWith('#')).length
    return errors === 0 ? '#' : `#${errors + 1}`
  }

  #letter(value: unknown): string {
    const named = this.#named.find(([, each]) => equal(value, each))
    if (named) return named[0]
    if (isLetter(value) && this.#themselves.has(value)) return value
    for (let round = 1; ; round++) {
      const free = alphabet
        .map(letter => (round === 1 ? letter : `${letter}${round}`))
        .find(letter => !this.#taken(letter))
      if (free !== undefined) return free
    }
  }

  #taken(letter: string): boolean {
    return (
      this.#themselves.has(letter) ||
      this.#named.some(([each]) => each === letter) ||
      this.#used.some(each => each.letter === letter)
    )
  }
}

function isLetter(value: unknown): value is string {
  return typeof value === 'string' && ownLetter.test(value)
}
