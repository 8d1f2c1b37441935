/** Runs a code block in a process of its own. */

import { execFile } from 'node:child_process'
import ts from 'typescript'
import { type Block, moduleOf } from './blocks.js'
import { root } from './check.js'

/** What the block printed; fails when it complains, or does not end by itself. */
export async function run(block: Block, patience = 10_000): Promise<string> {
  const { outputText } = ts.transpileModule(moduleOf(block), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  // tsx finds `rivulet` in the sources, where the compiler does
  const flags = ['--import', 'tsx', '--input-type=module', '--eval', outputText]
  return new Promise((resolve, reject) => {
    const options = { cwd: root, timeout: patience, killSignal: 'SIGKILL' } as const
    execFile(process.execPath, flags, options, (error, stdout, stderr) => {
      const what = error?.killed ? `did not end within ${patience} ms` : 'failed'
      if (!error && stderr === '') resolve(stdout)
      else reject(new Error(`${block.file}:${block.line} ${what}\n${stdout}${stderr}`))
    })
  })
}
