/** The versions of Node: the newest of each line that is promised, and the oldest that may be. */

import { join } from 'node:path'
import { freshFolder } from './folder.js'

/** What is asked of npm, for what. */
export const promised = {
  '20.19.0': 'the oldest of all',
  '20': 'the newest 20',
  '22.12.0': 'the oldest 22 that can require',
  '22': 'the newest 22',
  '24': 'the newest 24',
  '26': 'the newest 26',
} as const

/** Where the binary is, once npm has brought it. */
export async function nodeOf(version: string): Promise<string> {
  const folder = freshFolder()
  await folder.install(`node@${version}`)
  return join(folder.path, 'node_modules', 'node', 'bin', 'node')
}
