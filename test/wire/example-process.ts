import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { event } from './event.js'

const home = fileURLToPath(new URL('../..', import.meta.url))

const byNode = [process.execPath, '--import', 'tsx', 'examples/start.ts']

/** As the README says to start it. */
export const byNpm = ['npm', 'start', '--']

/** The example program as a process of its own. The test's end kills it. */
export class ExampleProcess {
  said = ''
  complained = ''
  readonly #child
  /** The exit code, and the signal when one ended it; when also all that it started has ended. */
  readonly exit: Promise<[code: number | null, signal: string | null]>

  constructor(args: readonly string[], env: Record<string, string> = {}, command = byNode) {
    const [program = '', ...first] = command
    this.#child = spawn(program, [...first, ...args], {
      cwd: home,
      env: { ...process.env, PORT: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // a group of its own, which npm shares with what it starts
      detached: true,
    })
    this.exit = event(this.#child, 'close')
    this.#child.stdout.on('data', (text: Buffer) => (this.said += text.toString()))
    this.#child.stderr.on('data', (text: Buffer) => (this.complained += text.toString()))
    onTestFinished(async () => {
      this.killAll('SIGKILL')
      await this.exit
    })
  }

  /** Waits until it has said where it listens: the port. */
  async listening(): Promise<number> {
    for (;;) {
      const port = /ws:\/\/localhost:(\d+)\/ws\n/.exec(this.said)?.[1]
      if (port !== undefined) return Number(port)
      await Promise.race([event(this.#child.stdout, 'data'), this.failed()])
    }
  }

  private async failed(): Promise<never> {
    await this.exit
    throw new Error(`The example ended: ${this.complained}`)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Signals it and whatever it has started, as a terminal does. */
  killAll(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? NaN), signal)
    } catch (error) {
      // nobody is left
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
