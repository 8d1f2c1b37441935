import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apiPage } from './api.js'

const page = new URL('../../docs/api.md', import.meta.url)

test('the page of the API is what the sources say', { timeout: 60_000 }, async () => {
  const now = await apiPage()
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, now)
  else expect(readFileSync(page, 'utf8')).toBe(now)
})
