/**
 * The code blocks of a page.
 *
 * A block is checked with its page's names only, unless comments that readers of the page don't see
 * say more: `<!-- given: `declare const room: Topic<string>` -->` above it, `<!-- then: `…` -->`
 * below it. A comment may have several lines.
 */

export interface Block {
  readonly file: string
  /** Of the first line of the code; pages begin with line 1. */
  readonly line: number
  readonly run: boolean
  readonly code: string
  readonly given: Part | undefined
  readonly after: Part | undefined
}

/** Code in a comment, and the line where that begins. */
interface Part {
  readonly line: number
  readonly code: string
}

// what is not code in TypeScript has to say what it is
const others = ['sh', 'text', 'html', 'json']

/** @throws {Error} for what would be left out of the check. */
export function blocksOf(file: string, page: string): Block[] {
  const lines = page.split('\n')
  const blocks: Block[] = []
  let given: Part | undefined
  const fail = (line: number, what: string): never => {
    throw new Error(`${file}:${line} ${what}`)
  }
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    const comment = /^<!-- (given|then): `/.exec(line)
    if (comment) {
      const end = lines.findIndex((each, index) => index >= at && each.endsWith('-->'))
      const whole = lines.slice(at, end + 1).join('\n')
      if (end < 0 || !whole.endsWith('` -->'))
        fail(at + 1, 'is a comment that does not end in ` -->')
      const part = { line: at + 1, code: whole.slice(comment[0].length, -'` -->'.length) }
      if (given) fail(given.line, 'is given to no block')
      if (comment[1] === 'given') {
        given = part
      } else {
        const block = blocks.pop()
        if (!block || block.after || !followsOn(lines, block, at)) {
          return fail(at + 1, 'follows no block')
        }
        blocks.push({ ...block, after: part })
      }
      at = end
      continue
    }
    const fence = /^\s*(`{3,}|~{3,})\s*(.*?)\s*$/.exec(line)
    if (fence) {
      const [, marks = '', info = ''] = fence
      const end = lines.findIndex((each, index) => index > at && each.trim() === marks)
      if (end < 0) fail(at + 1, 'is a block without an end')
      if (info === 'ts' || info === 'ts run') {
        const code = lines.slice(at + 1, end).join('\n')
        blocks.push({ file, line: at + 2, run: info !== 'ts', code, given, after: undefined })
        given = undefined
      } else if (!others.includes(info)) {
        fail(at + 1, `is a block of "${info}"; there are: ts, ts run, ${others.join(', ')}`)
      }
      at = end
    } else if (/^<!--\s*(given|then)\b/i.test(line)) {
      fail(at + 1, 'is nearly, but not quite, <!-- given: `…` --> or <!-- then: `…` -->')
    }
    if (given && line.trim() !== '') fail(given.line, 'is given to no block')
  }
  if (given) fail(given.line, 'is given to no block')
  return blocks
}

function followsOn(lines: readonly string[], block: Block, at: number): boolean {
  const end = block.line - 1 + block.code.split('\n').length
  return lines.slice(end + 1, at).every(line => line.trim() === '')
}

/** All of a block as one module. */
export function moduleOf({ given, code, after }: Block): string {
  return [given?.code, code, after?.code].filter(part => part !== undefined).join('\n')
}

/** Where a line of {@link moduleOf}, counted from 0, stands: `docs/server.md:12`. */
export function placeOf({ file, line, given, code, after }: Block, at: number): string {
  let left = at
  for (const part of [given, { line, code }, after]) {
    if (!part) continue
    const length = part.code.split('\n').length
    if (left < length) return `${file}:${part.line + left}`
    left -= length
  }
  return `${file}:${line}`
}

/** What a block prints, as it says itself: the text of each `// → text`, in order. */
export function printsOf(block: Block): string {
  return Array.from(moduleOf(block).matchAll(/\/\/ → (.*)$/gm), ([, text]) => `${text}\n`).join('')
}
