/** Marbles: time as a string, in the language of RxJS, with hours and without its pitfalls. */

import { TestScheduler } from 'rxjs/testing'
import type { TestMessages } from './recording.js'

const group = /\([^)]*\)/g
const duration = /\d+(?:\.\d+)?(?:ms|s|m|h)/g

/**
 * What marbles mean, and when. A letter without a value stands for itself.
 *
 * @throws {TypeError} for a time that RxJS would take for values.
 */
export function parse(
  marbles: string,
  values: Readonly<Record<string, unknown>>,
  error?: unknown,
): TestMessages {
  return TestScheduler.parseMarbles(spelled(marbles), lettersOr(values), error, false, true)
}

/** Marbles as RxJS has to be told them: hours as minutes, and a space behind a time. */
export function spelled(marbles: string): string {
  const outside = marbles.replace(group, each => '-'.repeat(each.length))
  for (const { 0: time, index } of outside.matchAll(duration)) {
    const [before = ' ', after = ' '] = [outside[index - 1], outside[index + time.length]]
    if (before !== ' ' || after !== ' ') {
      throw new TypeError(
        `'${marbles}': a time needs a space before and behind it, as '${time}' does here; ` +
          `values may have spaces between them`,
      )
    }
  }
  return `${marbles.replace(/(?<= |^)(\d+(?:\.\d+)?)h(?= |$)/g, (_, hours: string) => `${Number(hours) * 60}m`)} `
}

function lettersOr(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return new Proxy(values, {
    get: (target, letter: string) => (letter in target ? target[letter] : letter),
  })
}
