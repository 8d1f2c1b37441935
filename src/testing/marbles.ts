/** Marbles as a failing test shows them: expected above actual, with a ruler of times. */

import type { TestMessages } from './recording.js'
import { written } from './duration.js'
import { equal } from './equal.js'

type Notification = TestMessages[number]['notification']

/** A text for people: what was expected, what came, and where they part. */
export function explain(
  subject: string,
  expected: TestMessages,
  actual: TestMessages,
  values: Readonly<Record<string, unknown>>,
): string {
  const symbols = new Symbols(values)
  const frames = [...new Set([...expected, ...actual].map(({ frame }) => frame))].sort(
    (a, b) => a - b,
  )
  const lanes = [expected, actual].map(messages =>
    frames.map(frame =>
      cell(
        messages.filter(each => each.frame === frame),
        symbols,
      ),
    ),
  )
  const ruler = frames.map(written)
  const different = frames.findIndex(frame => !same(expected, actual, frame))
  const widths = frames.map((_, at) =>
    Math.max(ruler[at]?.length ?? 0, ...lanes.map(lane => lane[at]?.length ?? 0)),
  )
  const row = (label: string, cells: readonly string[], fill: string) =>
    label.padEnd(10) +
    cells.map((each, at) => fill.repeat(2) + each.padEnd(widths[at] ?? 0, fill)).join('') +
    fill.repeat(2)
  const [expectedCells = [], actualCells = []] = lanes
  const pointer = frames.map((_, at) => (at === different ? '▲' : ''))
  const lines = [
    `${subject}: not as expected${different < 0 ? '' : ` at ${ruler[different] ?? ''}`}`,
    '',
    row('', ruler, ' '),
    row('expected', expectedCells, '─'),
    row('actual', actualCells, '─'),
    row('', pointer, ' '),
    '',
    ...symbols.legend(),
  ]
  return lines.map(line => line.trimEnd()).join('\n')
}

/** Whether the same happened at the same time. */
export function sameMessages(a: TestMessages, b: TestMessages): boolean {
  return (
    a.length === b.length &&
    a.every((each, at) => {
      const other = b[at]
      return other?.frame === each.frame && sameNotification(each.notification, other.notification)
    })
  )
}

function same(a: TestMessages, b: TestMessages, frame: number): boolean {
  const at = (messages: TestMessages) => messages.filter(each => each.frame === frame)
  return sameMessages(at(a), at(b))
}

function sameNotification(a: Notification, b: Notification): boolean {
  if (a.kind === 'N' && b.kind === 'N') return equal(a.value, b.value)
  if (a.kind === 'E' && b.kind === 'E') return equal(a.error, b.error)
  return a.kind === b.kind
}

function cell(messages: TestMessages, symbols: Symbols): string {
  const marks = messages.map(({ notification }) => symbols.of(notification)).join('')
  return messages.length > 1 ? `(${marks})` : marks
}

// Each value has a letter: the test's own where there is one.
class Symbols {
  readonly #known: [letter: string, value: unknown][] = []
  readonly #free: string[]

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#free = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ').filter(letter => !(letter in values))
    this.#named = Object.entries(values)
  }

  readonly #named: [string, unknown][]

  of(notification: Notification): string {
    if (notification.kind === 'C') return '|'
    if (notification.kind === 'E') {
      this.#learn('#', notification.error)
      return '#'
    }
    const { value } = notification
    const known = [...this.#known, ...this.#named].find(([, each]) => equal(value, each))
    const letter =
      known?.[0] ??
      (typeof value === 'string' && /^[a-z0-9]$/i.test(value) ? value : this.#free.shift())
    this.#learn(letter ?? '?', value)
    return letter ?? '?'
  }

  #learn(letter: string, value: unknown): void {
    if (!this.#known.some(([each, other]) => each === letter && equal(value, other))) {
      this.#known.push([letter, value])
    }
  }

  legend(): string[] {
    return this.#known.map(([letter, value]) => `${letter} = ${shown(value)}`)
  }
}

function shown(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value instanceof Uint8Array)
    return `${value.length} bytes ${[...value.slice(0, 16)].join(' ')}`
  const text = JSON.stringify(value, (_, each: unknown) =>
    each instanceof Error ? `${each.name}: ${each.message}` : each,
  ) as string | undefined
  return text === undefined ? String(value) : text.length > 120 ? `${text.slice(0, 119)}…` : text
}

/** The values of marbles, where a letter without one stands for itself. */
export function lettersOr<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return new Proxy(values, {
    get: (target, letter: string) => (letter in target ? target[letter] : (letter as T)),
  })
}
