/** Starts a server in a process of its own, and hears from it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FlowSnapshot } from 'rivulet'

const file = fileURLToPath(new URL('./server.js', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a server is made with. */
export type Library = 'rivulet' | 'ws'

/** What a server serves, and how. */
export interface Plan {
  readonly kind: 'broadcast' | 'echo' | 'messages' | 'fragments'
  readonly library: Library
  /** The built package, or the sources. */
  readonly source: 'dist' | 'src'
  readonly seed: number
  /** Bytes of a message. */
  readonly size: number
  /** How many messages of a broadcast are sent at once. */
  readonly burst?: number
  /** How many messages a transfer has. */
  readonly count?: number
  /** The memory, in bytes, at which a server without bounds stops. */
  readonly cap: number
  readonly options?: {
    readonly overflow?: 'close' | 'dropOldest' | 'latest'
    readonly timeouts?: { readonly stall?: number | false; readonly close?: number }
  }
}

/** The memory of a server's process at one time: ms since the first sample, and bytes. */
export interface Sample {
  readonly at: number
  readonly rss: number
}

/** How a connection ended, as its server says. */
export interface Ended {
  readonly code: number
  readonly sent?: number
  readonly by: string
  readonly cause?: string
  readonly timeout?: string
  readonly flow: FlowSnapshot
}

interface Told {
  readonly port?: number
  readonly base?: number
  readonly at?: number
  readonly rss?: number
  readonly ended?: Ended
  readonly hash?: string
  readonly left?: number
}

export class Child {
  readonly samples: Sample[] = []
  readonly ended: Ended[] = []
  port = 0
  /** The memory that it had before any load, in bytes. */
  base = 0
  /** Of all that a transfer sent. */
  hash: string | undefined
  /** When the first connection left open, on the clock of the samples. */
  left = Infinity
  readonly #process: ChildProcess
  readonly #name: string
  #gone = false
  #start: number | undefined
  #wake: () => void = () => undefined

  private constructor(plan: Plan) {
    const { source, library, kind } = plan
    this.#name = `${library} (${kind})`
    const loader = source === 'src' ? ['--import', 'tsx'] : []
    this.#process = spawn(
      process.execPath,
      ['--expose-gc', ...loader, file, JSON.stringify({ options: {}, ...plan })],
      { cwd: root, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    )
    this.#process.on('message', message => this.#hear(message as Told))
    this.#process.on('exit', () => {
      this.#gone = true
      this.#wake()
    })
  }

  static async start(plan: Plan): Promise<Child> {
    const child = new Child(plan)
    await child.until(() => child.port > 0, 20_000, 'listening')
    return child
  }

  #hear({ port, base, at, rss, ended, hash, left }: Told): void {
    if (base !== undefined) this.base = base
    if (port !== undefined) this.port = port
    if (at !== undefined && rss !== undefined) {
      this.samples.push({ at: at - (this.#start ??= at), rss })
    }
    if (ended) this.ended.push(ended)
    if (hash !== undefined) this.hash = hash
    if (left !== undefined) this.left = Math.min(this.left, left - (this.#start ?? left))
    this.#wake()
  }

  /** The most memory that it had up to a time, in bytes. */
  peak(until = Infinity): number {
    return Math.max(...this.samples.filter(({ at }) => at <= until).map(({ rss }) => rss))
  }

  /** The memory that it had last. */
  get rss(): number {
    return this.samples.at(-1)?.rss ?? 0
  }

  order(order: 'burst' | 'finish' | 'collect', from = 0, to = 0): void {
    this.#process.send({ order, from, to })
  }

  /** Waits for what the server's words make true. */
  async until(met: () => boolean, patience: number, what: string): Promise<void> {
    const deadline = Date.now() + patience
    while (!met()) {
      if (this.#gone) throw new Error(`The server of ${this.#name} ended by itself`)
      if (Date.now() > deadline) {
        throw new Error(`${this.#name}: not ${what} within ${patience / 1000} s`)
      }
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 100)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  stop(): void {
    if (this.#process.connected) this.#process.disconnect()
  }
}
