import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf } from './docs/anchors.js'
import { type Block, blocksOf, printsOf } from './docs/blocks.js'
import { problemsOf, root } from './docs/check.js'
import { run } from './docs/run.js'

const pages = [
  'README.md',
  ...readdirSync(`${root}docs`)
    .filter(file => file.endsWith('.md'))
    .map(file => `docs/${file}`),
]
const text = (page: string) => readFileSync(root + page, 'utf8')
// what was made of the sources was compiled with them
const written = (page: string) =>
  text(page).replace(/<!-- generated: by the tests of test\/docs;[^]*$/, '')
const ofExamples = readdirSync(`${root}examples`, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.md'))
  .map(file => `examples/${file}`)
const blocks = [...pages, ...ofExamples].flatMap(page => blocksOf(page, written(page)))
const place = ({ file, line }: Block) => `${file}:${line}`

describe('the code in the docs', () => {
  it('is seen', () => {
    const files = blocks.map(({ file }) => file)
    for (const file of ['README.md', 'examples/ticker/README.md']) expect(files).toContain(file)
    expect(blocks.filter(block => block.run)).not.toEqual([])
  })

  it('has the types that it claims', { timeout: 60_000 }, () => {
    expect(problemsOf(blocks)).toEqual([])
  })

  it.each(blocks.filter(block => block.run).map(block => [place(block), block] as const))(
    '%s runs, ends, and prints what it says',
    async (_, block) => {
      expect(await run(block)).toBe(printsOf(block))
    },
  )
})

describe('a link in the docs', () => {
  const linking = [...pages, 'CHANGELOG.md', ...ofExamples]
  const links = linking.flatMap(page =>
    Array.from(text(page).matchAll(/(?:\]\(|src="|srcset=")([^)"]+)/g), ([, to = '']) => ({
      page,
      to,
    })),
  )
  const ours = links.filter(({ to }) => !/^https?:/.test(to))
  const target = ({ page, to }: { page: string; to: string }) => {
    const [file, anchor] = to.split('#')
    return { file: file ? posix.join(posix.dirname(page), file) : page, anchor }
  }

  it('leads to a file that is there', () => {
    expect(ours.length).toBeGreaterThan(5)
    expect(ours.filter(link => !existsSync(root + target(link).file))).toEqual([])
  })

  it('leads to a heading that is there', () => {
    const lost = ours.filter(link => {
      const { file, anchor } = target(link)
      return anchor !== undefined && !anchorsOf(text(file)).includes(anchor)
    })
    expect(lost).toEqual([])
  })
})

describe('a page of the docs', () => {
  // lists, and what a program writes
  const lists = ['docs/decisions.md', 'docs/questions.md', 'docs/benchmarks.md']

  it.each(pages.filter(page => !lists.includes(page)))('%s begins with an example', page => {
    const [beginning = ''] = text(page).split(/^## (?!See it run)/m)
    expect(beginning).toMatch(/^```/m)
  })
})

describe('the index of the docs', () => {
  const index = text('docs/README.md')

  it.each(pages.filter(page => !page.endsWith('README.md')))('has %s', page => {
    expect(index).toContain(`](${page.replace('docs/', '')})`)
  })
})

describe('the questions of the first day', () => {
  const page = text('docs/questions.md')
  const parts = page.split(/^## /m).slice(1)

  it('are asked by three, at least ten by each', () => {
    const counts = parts.map(part => (part.match(/^\| .*\?[^|]*\|/gm) ?? []).length)
    expect(counts).toHaveLength(3)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(10)
  })

  it('have each an answer in one sentence, and a link to a heading', () => {
    const rows = page.split('\n').filter(line => /^\| .*\?/.test(line))
    const wrong = rows.filter(row => {
      const answer = row.split('|')[2] ?? ''
      return !/^ [^\]]+: \[[^\]]+\]\([\w./-]+\.md(#[\w-]+)?\) +$/.test(answer)
    })
    expect(rows.length).toBeGreaterThan(30)
    expect(wrong).toEqual([])
  })
})

describe('the check of the code in the docs', () => {
  const page = (...lines: string[]) => blocksOf('page.md', lines.join('\n'))

  it('names the page and the line of what is wrong, also in comments', { timeout: 60_000 }, () => {
    const broken = page(
      'Some words.',
      '<!-- given: `import { serve } from "rivulet/server"',
      'const given: number = "a"` -->',
      '```ts',
      'serve({ port: 0 })',
      'serve({ port: given, portt: 0 })',
      '```',
      '',
      '<!-- then: `const after: string = 1` -->',
      '```ts',
      'export const other = given',
      '```',
    )
    expect(problemsOf(broken).map(problem => problem.split(' ', 1).join())).toEqual([
      'page.md:3',
      'page.md:6',
      'page.md:9',
      'page.md:9',
      'page.md:11',
    ])
  })

  it.each([
    ['a block that does not say what it is', ['```', '```'], 'page.md:1 is a block of ""'],
    ['a block in another spelling', ['', '~~~typescript', '~~~'], 'page.md:2 is a block of'],
    ['a block without an end', ['```ts', 'done()'], 'page.md:1 is a block without an end'],
    ['what is given to nothing', ['<!-- given: `a` -->', 'b'], 'page.md:1 is given to no block'],
    ['what follows on nothing', ['', '<!-- then: `a` -->'], 'page.md:2 follows no block'],
    ['a comment in another spelling', ['<!-- Given `a` -->'], 'page.md:1 is nearly'],
  ])('refuses %s', (_, lines, message) => {
    expect(() => page(...lines)).toThrow(message)
  })

  it('fails for a block that throws, and says where that is', async () => {
    const [block] = page('```ts run', 'throw new Error("broken")', '```')
    await expect(run(block!)).rejects.toThrow(/^page\.md:2 failed[^]*broken/)
  })

  it('fails for a block that does not end', async () => {
    const [block] = page('```ts run', 'setInterval(() => {}, 1000)', '```')
    await expect(run(block!, 1_000)).rejects.toThrow('page.md:2 did not end within 1000 ms')
  })
})
