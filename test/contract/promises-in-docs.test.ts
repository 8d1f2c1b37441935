import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

test('what docs/testing.md says the fakes promise is what this suite holds them to', () => {
  const page = read('../../docs/testing.md')
  const [, section = ''] = /\n## What the fakes promise\n([^]*?)\n## /.exec(page) ?? []
  const promised = Array.from(section.matchAll(/^- (.*)$/gm), ([, promise]) => promise)
  const titles = Array.from(
    read('suite.ts').matchAll(
      /\btest(?:\.\w+\([^]*?\))?\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"),/g,
    ),
    ([, single, double]) =>
      (single ?? double)?.replace(' (%d)', '').replace('%s', 'close or terminate'),
  )
  expect(titles.length).toBeGreaterThan(15)
  expect(promised).toEqual(titles)
})
