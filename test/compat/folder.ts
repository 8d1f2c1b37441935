/** A fresh folder, as a user has it: a package.json, what npm installs in it, and files. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** The npm that runs this program: it runs on each Node that is promised. */
const npm = process.env['npm_execpath'] ?? ''

const made: string[] = []

export interface Folder {
  readonly path: string
  /** Writes a file. */
  write(name: string, text: string): void
  /** Runs a program of this folder's Node; what it printed. It fails when that complains. */
  node(...args: string[]): Promise<string>
  /** Installs packages, in a folder that npm would refuse for a Node that is too old. */
  install(...packages: string[]): Promise<void>
}

interface Wish {
  /** The binary of Node. Default: this one. */
  readonly node?: string
  readonly overrides?: Readonly<Record<string, string>>
}

export function freshFolder({ node = process.execPath, overrides = {} }: Wish = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), 'rivulet-compat-'))
  made.push(path)
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  write('package.json', JSON.stringify({ private: true, type: 'module', overrides }))
  const run = (patience: number, args: readonly string[]) => ran(node, path, patience, args)
  return {
    path,
    write,
    node: (...args) => run(60_000, args),
    install: async (...packages) => {
      const flags = ['--no-audit', '--no-fund', '--engine-strict', '--loglevel=error']
      await run(240_000, [found(npm), 'install', ...flags, ...packages])
    },
  }
}

/** Runs a program in a folder; what it printed. */
export const printedBy = (program: string, path: string, ...args: string[]): Promise<string> =>
  ran(program, path, 30_000, args)

/** Runs npm in a folder; what it printed. */
export const npmIn = (path: string, ...args: string[]): Promise<string> =>
  ran(process.execPath, path, 60_000, [found(npm), '--loglevel=error', ...args])

function found(path: string): string {
  if (path === '') throw new Error('start it with npm run, so that it knows which npm to use')
  return path
}

/** Deletes all folders that were made. */
export function cleanUp(): void {
  for (const each of made) rmSync(each, { recursive: true, force: true })
}

export function environment(node: string): NodeJS.ProcessEnv {
  const PATH = [dirname(node), process.env['PATH']].join(delimiter)
  // what npm sets for this program is not for those that it starts
  const ours = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/i.test(name))
  return { ...Object.fromEntries(ours), PATH }
}

function ran(node: string, cwd: string, timeout: number, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, timeout, killSignal: 'SIGKILL', env: environment(node) } as const
    execFile(node, [...args], options, (error, stdout, stderr) => {
      // a program of a user that prints a warning has a reason to ask us what is wrong
      const complaint = stderr.trim()
      if (!error && complaint === '') resolve(stdout)
      else if (error?.killed) reject(new Error(`did not end within ${timeout} ms\n${complaint}`))
      else reject(new Error(`${stdout}${complaint}`))
    })
  })
}
