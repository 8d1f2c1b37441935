import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkLeaks } from '../wire/leak-check.js'
import { overRealSockets } from './real.js'
import { situations } from './situations.js'
import { tableOf } from './table.js'
import { inVirtualTime } from './virtual.js'
import { told } from './world.js'

checkLeaks()

const rows = situations.map(situation => [situation.what, situation] as const)

describe('in virtual time', () => {
  test.each(rows)('%s', (_, situation) => {
    const { server, client } = inVirtualTime(situation)
    expect({ server: told(server), client: told(client) }).toEqual(situation.expected)
  })
})

describe('over real sockets', () => {
  test.each(rows)('%s', async (_, situation) => {
    const { server, client } = await overRealSockets(situation)
    expect({ server: told(server), client: told(client) }).toEqual(situation.expected)
  })
})

describe('the table in the docs', () => {
  const page = new URL('../../docs/close-codes.md', import.meta.url)
  const region = /(<!-- generated: [^>]* -->\n)[^]*?(\n<!-- end of what is generated -->)/

  test('is what happens', () => {
    const before = readFileSync(page, 'utf8')
    const table = tableOf(
      situations.map(situation => ({ what: situation.what, outcomes: inVirtualTime(situation) })),
    )
    const after = before.replace(
      region,
      (_, start: string, end: string) => `${start}\n${table}\n${end}`,
    )
    expect(before).toMatch(region)
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, after)
    else expect(before).toBe(after)
  })
})
