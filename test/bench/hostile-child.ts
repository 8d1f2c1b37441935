/** A part of the benchmark in a process of its own, on a core of its own where the system can do that. */

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './hostile-attacks.js'
import { pinned } from './process.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the processes tell. */
interface Told {
  readonly ports: Readonly<Record<'close' | 'pause', number>>
  /** In bytes. */
  readonly rss: number
  readonly ready: true
  readonly outcome: Outcome
}

export class Child {
  readonly #process: ChildProcess
  /** Rejects when it ends by itself. */
  readonly gone: Promise<never>

  constructor(file: string, core: number) {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const command = [process.execPath, '--import', 'tsx', path]
    if (pinned) command.unshift('taskset', '-c', `${core}`)
    this.#process = spawn(command[0]!, command.slice(1), {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.gone = new Promise((_, reject) => {
      this.#process.once('exit', code =>
        reject(new Error(`${file} ended with ${code ?? 'a signal'}`)),
      )
    })
    // at the end that is as it should be
    this.gone.catch(() => undefined)
  }

  /** Hears all that it tells of one kind. */
  hear<K extends keyof Told>(kind: K, take: (what: Told[K]) => void): void {
    this.#process.on('message', (told: Partial<Told>) => {
      const what = told[kind]
      if (what !== undefined) take(what)
    })
  }

  /** Waits for what it tells next of one kind. */
  next<K extends keyof Told>(kind: K): Promise<Told[K]> {
    return Promise.race([this.gone, new Promise<Told[K]>(resolve => this.hear(kind, resolve))])
  }

  tell(message: object): void {
    this.#process.send(message)
  }

  stop(): void {
    if (this.#process.connected) this.#process.disconnect()
  }
}
