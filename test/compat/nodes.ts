/** The versions of Node that are promised, and where they are. */

import { join } from 'node:path'
import { freshFolder } from './folder.js'

/** What is asked of npm: the oldest that can require modules, and the newest of each line. */
export const promised = ['20.19.0', '20', '22.12.0', '22', '24', '26']

/** Where the binary is, once npm has brought it. */
export async function nodeOf(version: string): Promise<string> {
  const folder = freshFolder()
  await folder.install(`node@${version}`)
  return join(folder.path, 'node_modules', 'node', 'bin', 'node')
}
