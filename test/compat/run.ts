/**
 * Tries the packed file where its users have it: each Node, each TypeScript, bundlers, peers.
 *
 *     npm run compat
 *     npm run compat -- --only node,peers
 *
 * It needs the registry, and for the pages Chromium; some minutes. The exit code is 0 if all that is
 * promised holds.
 */

import { parseArgs } from 'node:util'
import { conclude } from './cells.js'
import { cleanUp } from './folder.js'
import { promised } from './nodes.js'
import { onNode } from './on-node.js'
import { pack } from './pack.js'
import { pages } from './pages.js'
import { peers } from './peers.js'
import { runtimes } from './runtimes.js'
import { typeChecks } from './type-check.js'

const groups = {
  node: async (packed: string) => {
    for (const version of promised) await onNode(version, packed)
  },
  types: typeChecks,
  peers,
  pages,
  runtimes,
}

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const wanted = values.only?.split(',') ?? Object.keys(groups)
const unknown = wanted.find(name => !(name in groups))
if (unknown !== undefined) {
  throw new Error(`--only takes ${Object.keys(groups).join(',')}, and not ${unknown}`)
}

try {
  const packed = await pack()
  for (const [name, group] of Object.entries(groups)) if (wanted.includes(name)) await group(packed)
  process.exitCode = conclude() ? 0 : 1
} finally {
  cleanUp()
}
