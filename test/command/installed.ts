/** The program as users have it: installed in a folder of its own, and run as a process. */

import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { event } from '../wire/event.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where the program is, from before the first test of the file to its end. */
export let program = ''

/** Makes the program of the sources as they are now. */
export function installed(): void {
  let home = ''
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'rivulet-'))
    const modules = join(home, 'node_modules')
    const own = join(modules, 'rivulet')
    mkdirSync(own, { recursive: true })
    const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    await build({
      entryPoints: sources.filter(each => each.endsWith('.ts')).map(each => `${root}src/${each}`),
      outdir: join(own, 'dist'),
      outbase: `${root}src`,
      format: 'esm',
      target: 'es2022',
    })
    cpSync(`${root}package.json`, join(own, 'package.json'))
    for (const each of ['ws', 'rxjs', 'xstate', 'tslib']) {
      symlinkSync(`${root}node_modules/${each}`, join(modules, each))
    }
    program = join(own, 'dist/command/rivulet.js')
  }, 60_000)
  afterAll(() => rmSync(home, { recursive: true, force: true }))
}

/** How a process has ended: its exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals

/** A run of the program. The test's end kills it. */
export class Run {
  /** What it has printed on the standard output, and on the standard error. */
  said = ''
  noted = ''
  readonly child: ChildProcess
  readonly exit: Promise<Exit>

  constructor(command: readonly string[], env: Record<string, string> = {}) {
    const [first = '', ...args] = command
    this.child = spawn(first, args, { env: { ...process.env, ...env }, stdio: 'pipe' })
    this.exit = event<[number | null, NodeJS.Signals | null]>(this.child, 'close').then(
      ([code, signal]) => code ?? signal ?? NaN,
    )
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.said += text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.noted += text))
    // a program that has ended reads no more
    this.child.stdin?.on('error', () => undefined)
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.exit
    })
  }

  /** Pipes something in; that ends the input. */
  pipe(input: string | Uint8Array): this {
    this.child.stdin?.end(input)
    return this
  }

  type(input: string): void {
    this.child.stdin?.write(input)
  }

  /** Waits until it has printed that. */
  async says(text: string): Promise<void> {
    while (!this.said.includes(text)) await this.#more('stdout')
  }

  async notes(text: string): Promise<void> {
    while (!this.noted.includes(text)) await this.#more('stderr')
  }

  async #more(stream: 'stdout' | 'stderr'): Promise<void> {
    await Promise.race([event(this.child[stream]!, 'data'), this.failed()])
  }

  /** Rejects when it ends. */
  async failed(): Promise<never> {
    const code = await this.exit
    throw new Error(`It ended with ${code}: ${this.said}${this.noted}`)
  }

  /** What it says in JSON, without the times. */
  get objects(): Record<string, unknown>[] {
    return this.said
      .split('\n')
      .filter(line => line !== '')
      .map(line => {
        const { time, ...rest } = JSON.parse(line) as Record<string, unknown>
        if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) throw new Error(line)
        return rest
      })
  }
}

/** `rivulet` with these arguments. */
export function rivulet(args: readonly string[], env?: Record<string, string>): Run {
  return new Run([process.execPath, program, ...args], env)
}
