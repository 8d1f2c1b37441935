/** Cells of one Node: a fresh folder, the packed file, and the README's examples. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cell } from './cells.js'
import { examples, javascript } from './examples.js'
import { type Folder, freshFolder } from './folder.js'
import { firstMessage, startHello } from './hello.js'
import { nodeOf } from './nodes.js'

const entries = ['rivulet', 'rivulet/server', 'rivulet/testing']

/** All that a user of the three entry points has, and no broker. */
const installed = ['rivulet', 'rxjs', 'tslib', 'ws', 'xstate']

export async function onNode(wanted: string, packed: string): Promise<void> {
  let node = ''
  if (
    !(await cell(`Node ${wanted}: is there`, async () => {
      node = await nodeOf(wanted)
    }))
  )
    return
  const folder = freshFolder({ node })
  const version = (await folder.node('--version')).trim()
  const name = `Node ${version}`
  const fresh = await cell(`${name}: installs in a fresh folder`, async () => {
    await folder.install(packed, 'rxjs', 'xstate')
    const modules = readdirSync(join(folder.path, 'node_modules')).filter(
      each => !each.startsWith('.'),
    )
    if (modules.join() !== installed.join()) throw new Error(`it has ${modules.join()}`)
  })
  if (!fresh) return
  await examplesRun(name, folder, node)
  await cell(`${name}: is loaded by require`, () =>
    folder.node('--no-warnings', '--eval', required),
  )
}

/** The same names as by import, of each entry point. */
const required = `
  const { deepStrictEqual } = require('node:assert')
  const names = of => Object.keys(of).filter(name => name !== 'module.exports').sort()
  const entries = ${JSON.stringify(entries)}
  Promise.all(entries.map(async entry => deepStrictEqual(names(require(entry)), names(await import(entry)))))
`

/** The examples that end run as they are; the one that doesn't says hello to a client. */
export async function examplesRun(name: string, folder: Folder, node: string): Promise<void> {
  const strips = await folder.node('--print', 'Boolean(process.features.typescript)')
  for (const { name: heading, code, prints } of examples) {
    if (prints === undefined) continue
    await cell(`${name}: README, ${heading}`, async () => {
      const file = `${heading.toLowerCase().replace(/\W+/g, '-')}.${strips.trim() === 'true' ? 'ts' : 'mjs'}`
      folder.write(file, file.endsWith('.ts') ? code : javascript(code))
      const printed = await folder.node('--no-warnings', file)
      if (printed !== prints) throw new Error(`it printed ${JSON.stringify(printed)}`)
    })
  }
  await cell(`${name}: README, Hello, and a client gets it`, async () => {
    const hello = await startHello(folder, node)
    const message = await firstMessage(hello.url)
    await hello.stop()
    if (message !== 'hello') throw new Error(`the client got ${message}`)
  })
}
