import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { root } from './check.js'
import { foreignNames } from './foreign-names.js'

const guides = Object.entries(foreignNames)

/** What stands in the first column of a table, as code: `Conn.Close`, of `Conn.Close(…)` too. */
function namesIn(page: string): Set<string> {
  const rows = page.split('\n').filter(line => line.startsWith('| '))
  const first = rows.map(row => /^\| (.*?) \|/.exec(row)?.[1] ?? '')
  const spans = first.flatMap(cell =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = '']) => code),
  )
  return new Set(spans.flatMap(code => [code, ...code.split(/[^\w.~-]+/)]))
}

describe('a guide for those who come from elsewhere', () => {
  it('is there for each library', () => {
    const pages = readdirSync(`${root}docs`).filter(page => page.startsWith('from-'))
    expect(pages.sort()).toEqual(guides.map(([page]) => page).sort())
  })

  it.each(guides)('%s says of every name what it is here', (page, names) => {
    const said = namesIn(readFileSync(`${root}docs/${page}`, 'utf8'))
    const method = (name: string) => [...said].some(each => each.endsWith(`.${name}`))
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter(name => !said.has(name) && !method(name))).toEqual([])
  })
})
