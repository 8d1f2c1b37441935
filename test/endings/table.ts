/** Table: what became of both ends, as a page shows it. */

import { causeOf, type End, type Outcome } from './world.js'

export interface Row {
  readonly what: string
  readonly outcomes: Readonly<Record<End, Outcome>>
}

const head = [
  'what happened',
  'at',
  '`code`',
  '`by`',
  '`sent`',
  '`received`',
  '`wasClean`',
  '`cause`',
]

/** As prettier would have it. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.flatMap(({ what, outcomes }) =>
    (['server', 'client'] as const)
      .filter(end => outcomes[end] !== 'is not ours')
      .map((end, at) => [at === 0 ? what : '', end, ...columnsOf(outcomes[end])]),
  )
  const widths = head.map((each, at) =>
    Math.max(each.length, ...cells.map(row => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((each, at) => each.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [
    line(head),
    `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`,
    ...cells.map(line),
  ].join('\n')
}

function columnsOf(outcome: Outcome): string[] {
  if (typeof outcome === 'string') return [outcome, '', '', '', '', '']
  const { code, by, sent, received, wasClean } = outcome
  const shown = [code, `\`${by}\``, sent ?? '', received ?? '', wasClean ? 'yes' : 'no']
  const [name = '', detail = ''] = causeOf(outcome).split(' ')
  return [...shown.map(String), `${name && `\`${name}\``}${detail && ` ${detail}`}`]
}
