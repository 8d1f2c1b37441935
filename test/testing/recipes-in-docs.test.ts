import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const page = read('../../docs/testing.md')

/** What a block and its region have in common: all but the indentation. */
const flat = (code: string) =>
  code
    .split('\n')
    .map(line => line.trim())
    .join('\n')
    .trim()

const regionsOf = (file: string) =>
  Array.from(
    read(file).matchAll(/\/\/ #region (.*)\n([^]*?)\/\/ #endregion/g),
    ([, name, code]) => ({
      name: name!.trim(),
      code: flat(code!),
    }),
  )

const sections = page.split(/^(?=## )/m)
const recipes = sections.filter(section => /^## .*Recipe/.test(section)).join('')
const blocksOf = (text: string) =>
  Array.from(text.matchAll(/^```ts\n([^]*?)\n```$/gm), ([, code]) => flat(code!))

describe('the recipes in the docs', () => {
  const shown = recipes
    .split(/^### /m)
    .slice(1)
    .flatMap(section =>
      blocksOf(section).map(code => ({ name: section.split('\n', 1).join().trim(), code })),
    )

  test('are a dozen or more', () => {
    expect(shown.length).toBeGreaterThanOrEqual(12)
  })

  test('are the tests in recipes.test.ts, word for word, under the same names', () => {
    expect(shown).toEqual(regionsOf('recipes.test.ts'))
  })
})

test('every other test in the docs is a test in this folder, word for word', () => {
  const others = sections.filter(section => !recipes.includes(section)).flatMap(blocksOf)
  const tests = [
    flat(read('first.test.ts')),
    ...['stranger.test.ts', 'escapes.test.ts', 'virtual-server.test.ts']
      .flatMap(regionsOf)
      .map(({ code }) => code),
  ]
  expect(others.length).toBeGreaterThan(3)
  for (const block of others) expect(tests).toContain(block)
})
