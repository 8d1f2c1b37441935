import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
// where they stand they have another indentation, and lines that break elsewhere
const flat = (code: string) =>
  code
    .replace(/\s+/g, ' ')
    .replace(/\( | \)|,(?= \))/g, each => each.trim().replace(',', ''))
    .trim()

test('the recipes in docs/security.md are those of recipes-auth.test.ts, word for word', () => {
  const page = read('../../docs/security.md')
  const shown = Array.from(
    page.matchAll(/^### (.*)\n[^]*?^```ts\n([^]*?)\n```$/gm),
    ([, name, code = '']) => [name, flat(code)],
  )
  const tested = Array.from(
    read('recipes-auth.test.ts').matchAll(/\/\/ #region (.*)\n([^]*?)\n *\/\/ #endregion/g),
    ([, name, code = '']) => [name, flat(code)],
  )
  expect(shown).toHaveLength(3)
  expect(shown).toEqual(tested)
})
