/** Mortal: a server in a process of its own, to be killed without a word to anybody. */

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { filter, firstValueFrom, ReplaySubject, take, toArray } from 'rxjs'
import { onTestFinished } from 'vitest'
import { event } from '../wire/event.js'

const file = fileURLToPath(new URL('mortal-server.ts', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

interface Told {
  readonly port?: number
  readonly openedAt?: number
}

export class Mortal {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>
  readonly #told = new ReplaySubject<Told>()
  port = 0

  private constructor(port: number) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', file, `${port}`], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#exit = event(this.#child, 'exit').then(() =>
      this.#told.error(new Error('The server has ended')),
    )
    this.#child.on('message', told => this.#told.next(told as Told))
    onTestFinished(() => this.kill())
  }

  /** Starts it, and waits until it listens; the test's end kills it. */
  static async start(port = 0): Promise<Mortal> {
    const mortal = new Mortal(port)
    const listening = mortal.#told.pipe(filter(told => told.port !== undefined))
    mortal.port = (await firstValueFrom(listening)).port ?? 0
    return mortal
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`
  }

  /** Waits until so many have come: when each did, in ms since 1970. */
  async opened(count: number): Promise<readonly number[]> {
    const opened = this.#told.pipe(
      filter(({ openedAt }) => openedAt !== undefined),
      take(count),
      toArray(),
    )
    return (await firstValueFrom(opened)).map(({ openedAt = NaN }) => openedAt)
  }

  /** The kernel ends its connections; it has no time to. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }
}
