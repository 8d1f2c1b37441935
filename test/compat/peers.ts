/** Cells of the peers: the lowest versions that package.json takes, and the newest. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cell } from './cells.js'
import { freshFolder } from './folder.js'
import { nodeOf } from './nodes.js'
import { examplesRun } from './on-node.js'
import { consumerOf, readme, typeCheck } from './type-check.js'

interface Manifest {
  readonly version: string
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}
const manifestOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Manifest

export async function peers(packed: string): Promise<void> {
  const own = manifestOf(new URL('../../package.json', import.meta.url).pathname)
  const ranges = { ...own.peerDependencies, ...own.dependencies }
  const lowest = (name: string) => (ranges[name] ?? '').replace(/^\^/, '')
  // the newest client of NATS says that it needs Node 22
  const node = await nodeOf('24')
  for (const end of ['lowest', 'newest'] as const) {
    const wish = (name: string) => (end === 'lowest' ? lowest(name) : (ranges[name] ?? ''))
    const folder = freshFolder({ node, overrides: { ws: wish('ws') } })
    const versionOf = (name: string) =>
      manifestOf(join(folder.path, 'node_modules', name, 'package.json')).version
    const fresh = await cell(`Peers, ${end}: install`, async () => {
      const names = Object.keys(own.peerDependencies)
      const wishes = names.map(name => `${name}@${wish(name)}`)
      await folder.install(packed, ...wishes, 'typescript@6', '@types/node@20', '@types/ws')
      const all = Object.keys(ranges).map(name => `${name} ${versionOf(name)}`)
      const other =
        end === 'lowest' && Object.keys(ranges).find(name => versionOf(name) !== lowest(name))
      if (other) throw new Error(`${other} is not ${lowest(other)}: ${all.join(', ')}`)
      return all.join(', ')
    })
    if (!fresh) continue
    await cell(`Peers, ${end}: type-check`, () => {
      const files = { 'server.ts': consumerOf('server'), 'brokers.ts': consumerOf('brokers') }
      return typeCheck(folder, { files: { ...files, ...readme } })
    })
    await examplesRun(`Peers, ${end}`, folder, node)
  }
}
