/** Screen: what somebody sees of what was written to a terminal, wrapping and all. */

export function seen(written: string, columns: number): string[] {
  const rows: string[][] = [[]]
  let [row, column] = [0, 0]
  const put = (character: string) => {
    // the last column is left when the next character comes
    if (column === columns) [row, column] = [row + 1, 0]
    const cells = (rows[row] ??= [])
    while (cells.length < column) cells.push(' ')
    cells[column++] = character
  }
  const moves: Record<string, (count: number) => void> = {
    A: count => (row = Math.max(0, row - count)),
    B: count => (row += count),
    C: count => (column += count),
    D: count => (column = Math.max(0, column - count)),
    G: count => (column = count - 1),
    J: () => {
      rows.length = row + 1
      rows[row] = rows[row]!.slice(0, column)
    },
    K: () => (rows[row] = rows[row]!.slice(0, column)),
    m: () => undefined,
  }
  for (const [part, count = '', move = ''] of written.matchAll(/\x1b\[\??(\d*)([A-Za-z])|[^]/g)) {
    if (move !== '') {
      // colours and modes move nothing
      if (part.startsWith('\x1b[?')) continue
      if (!moves[move]) throw new Error(`What does ${JSON.stringify(part)} do?`)
      moves[move](move === 'J' || move === 'K' ? 0 : Number(count || 1))
    } else if (part === '\r') column = 0
    else if (part === '\n') row++
    else put(part)
    rows[row] ??= []
  }
  return rows.map(cells => cells.join('').trimEnd())
}
