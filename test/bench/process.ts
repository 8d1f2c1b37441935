/** Servers and clients in processes of their own, on one core where the system can do that. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Whether the servers have the first core, and the load another. */
export const pinned =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Moves this process off the core of the servers. */
export function pinSelf(): void {
  if (pinned) spawnSync('taskset', ['-acp', '1', String(process.pid)])
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const node = (...args: string[]) => [process.execPath, '--expose-gc', ...args]

/** What is compared. */
export type Kind = 'rivulet' | 'ws' | 'socket.io' | 'gorilla' | 'tcp'
export type Role = 'echo' | 'fan' | 'hello'

let gorilla: string | false | undefined

/** Builds the server in Go; whether it could be done. */
export function hasGorilla(): boolean {
  if (gorilla === undefined) {
    const binary = `${mkdtempSync(`${tmpdir()}/rivulet-bench-`)}/gorilla`
    const gopath = process.env['GOPATH'] ?? '/usr/share/gocode'
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: gopath }
    const built = spawnSync('go', ['build', '-o', binary, here('./gorilla/main.go')], { env })
    gorilla = built.status === 0 && binary
  }
  return gorilla !== false
}

export class Process {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  /** What it said first: the port of a server. */
  port = 0

  private constructor(command: string[]) {
    const [file = '', ...args] = pinned ? ['taskset', '-c', '0', ...command] : command
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]()
  }

  static async server(kind: Kind, role: Role, flags: string[] = []): Promise<Process> {
    const command =
      kind === 'gorilla' && gorilla
        ? [gorilla, role]
        : node(...flags, here('./servers.js'), kind, role)
    return Process.#started(command)
  }

  /** 64 connections that play ping-pong with the server, so many messages in flight each. */
  static async client(kind: 'rivulet' | 'rxjs', port: number, inFlight: number): Promise<Process> {
    const url = `ws://127.0.0.1:${port}`
    return Process.#started(node(here('./clients.js'), kind, url, String(inFlight)))
  }

  static async #started(command: string[]): Promise<Process> {
    const started = new Process(command)
    started.port = await started.#answer()
    return started
  }

  async #answer(): Promise<number> {
    const line = await this.#lines.next()
    if (line.done) throw new Error('A process of the benchmark ended by itself')
    return Number(line.value)
  }

  /** Has it collect its garbage: the bytes of the heap then; of a client: how many echoes it has had. */
  ask(): Promise<number> {
    this.#child.stdin!.write('\n')
    return this.#answer()
  }

  /** The processor time of all its threads so far, in s: V8 and Go collect garbage in others. */
  get used(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1')
    // behind the name of the command, which may have any characters
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  /** What it has in memory, in bytes. */
  get resident(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
  }

  /** Ends it in good order, as a profile is written then. */
  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.stdin!.end()
    await gone
  }
}
