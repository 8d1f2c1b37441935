/** Explains a failure: expected above actual, with a ruler of times. */

import { written } from './duration.js'
import { equal } from './equal.js'
import type { TestMessages } from './recording.js'
import { Symbols } from './symbols.js'

/** A text for people: what was expected, what came, and where they part. */
export function explain(
  subject: string,
  expected: TestMessages,
  actual: TestMessages,
  values: Readonly<Record<string, unknown>>,
): string {
  const symbols = new Symbols(values, [...expected, ...actual])
  const frames = [...new Set([...expected, ...actual].map(({ frame }) => frame))].sort(
    (a, b) => a - b,
  )
  const expectedCells = cells(expected, actual, frames, symbols)
  const actualCells = cells(actual, expected, frames, symbols)
  const ruler = frames.map(written)
  const different = frames.findIndex(frame => !sameMessages(at(expected, frame), at(actual, frame)))
  const rows = [ruler, expectedCells, actualCells]
  const widths = frames.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const row = (label: string, texts: readonly string[], fill: string) =>
    label.padEnd(10) +
    texts.map((text, column) => fill.repeat(2) + text.padEnd(widths[column] ?? 0, fill)).join('') +
    fill.repeat(2)
  const lines = [
    `${subject}: not as expected${different < 0 ? '' : ` at ${ruler[different] ?? ''}`}`,
    '',
    row('', ruler, ' '),
    row('expected', expectedCells, '─'),
    row('actual', actualCells, '─'),
    row(
      '',
      frames.map((_, column) => (column === different ? '▲' : '')),
      ' ',
    ),
    '',
    ...symbols.legend(),
  ]
  return lines.map(line => line.trimEnd()).join('\n')
}

/** Whether the same happened at the same time. */
export function sameMessages(a: TestMessages, b: TestMessages): boolean {
  return a.length === b.length && a.every((each, index) => sameMessage(each, b[index]))
}

function sameMessage(a: TestMessages[number], b: TestMessages[number] | undefined): boolean {
  if (a.frame !== b?.frame) return false
  const [one, other] = [a.notification, b.notification]
  if (one.kind === 'N' && other.kind === 'N') return equal(one.value, other.value)
  if (one.kind === 'E' && other.kind === 'E') return equal(one.error, other.error)
  return one.kind === other.kind
}

function at(messages: TestMessages, frame: number): TestMessages {
  return messages.filter(each => each.frame === frame)
}

function cells(
  messages: TestMessages,
  others: TestMessages,
  frames: readonly number[],
  symbols: Symbols,
): string[] {
  const marks = messages.map(({ frame, notification }, index) => ({
    frame,
    mark: symbols.of(notification, others[index]?.notification),
  }))
  return frames.map(frame => {
    const here = marks.filter(each => each.frame === frame).map(({ mark }) => mark)
    return here.length > 1 ? `(${here.join('')})` : here.join('')
  })
}
