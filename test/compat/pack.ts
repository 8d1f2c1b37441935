/** The file that npm would publish. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freshFolder, npmIn } from './folder.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where it is. What is in `dist` is in it: build before. */
export async function pack(): Promise<string> {
  const { path } = freshFolder()
  const printed = await npmIn(root, 'pack', '--json', '--pack-destination', path)
  const [{ filename }] = JSON.parse(printed) as [{ filename: string }]
  return join(path, filename)
}
