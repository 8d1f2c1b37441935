/** Bun and Deno, which are not promised: the README's examples, and what becomes of them. */

import { join } from 'node:path'
import { unpromised } from './cells.js'
import { examples, javascript } from './examples.js'
import { type Folder, freshFolder, printedBy } from './folder.js'
import { firstMessage, startHello } from './hello.js'

const others = [
  { name: 'Bun', installs: 'bun', binary: 'bun/bin/bun.exe', flags: ['run'] },
  { name: 'Deno', installs: 'deno', binary: 'deno/deno', flags: ['run', '--allow-all'] },
]

export async function runtimes(packed: string): Promise<void> {
  for (const { name, installs, binary, flags } of others) {
    const folder = freshFolder()
    const program = join(folder.path, 'node_modules', binary)
    let version = ''
    await unpromised(`${name} from the registry`, async () => {
      await folder.install(packed, 'rxjs', 'xstate', installs)
      version = (await printedBy(program, folder.path, '--version')).split('\n', 1).join()
      return version
    })
    if (version !== '') await tryExamples(name, folder, program, flags)
  }
}

async function tryExamples(name: string, folder: Folder, program: string, flags: string[]) {
  for (const { name: heading, code, prints } of examples) {
    if (prints === undefined) continue
    await unpromised(`${name}: README, ${heading}`, async () => {
      folder.write('example.mjs', javascript(code))
      const printed = await printedBy(program, folder.path, ...flags, 'example.mjs')
      if (printed !== prints) throw new Error(`it printed ${JSON.stringify(printed)}`)
    })
  }
  await unpromised(`${name}: README, Hello, and a client gets it`, async () => {
    const hello = await startHello(folder, program, ...flags)
    try {
      return await firstMessage(hello.url)
    } finally {
      await hello.stop()
    }
  })
}
