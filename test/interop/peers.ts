/**
 * WebSocket peers that are not ours, as programs. `serve` echoes, answers "ping me" with "ponged"
 * when its ping was answered, and closes for "close CODE"; it says how each connection ended.
 * `dial URL on|off CODE…` has all sizes echoed, whole and in pieces, then closes, or has itself
 * closed, with each code. Each says it in lines of JSON.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Mailbox } from '../wire/mailbox.js'

/** What a program says in one line. */
export interface Said {
  readonly port?: number
  readonly echoed?: number
  readonly closed?: number
  readonly asked?: number
  readonly code?: number | null
  readonly reason?: string | null
  readonly done?: boolean
}

export interface Foreign {
  readonly name: string
  /** Why it is left out, and how to get it. */
  readonly lacking: string | undefined
  /** The codes that its interface lets it send. */
  sends(code: number): boolean
  /** Those that it knows: 1014 was registered after its list was made. */
  knows(code: number): boolean
  readonly command: readonly string[]
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const required = (process.env['RIVULET_REQUIRE'] ?? '').split(',').includes('interop')
// Debian's, as the libraries are
const python = '/usr/bin/python3'

const built = mkdtempSync(join(tmpdir(), 'rivulet-interop-'))
export const removeBuilt = () => rmSync(built, { recursive: true, force: true })

function obstacle(command: string, args: string[], env = {}): boolean {
  try {
    execFileSync(command, args, { stdio: 'pipe', env: { ...process.env, ...env } })
    return false
  } catch (error) {
    if (required) throw error
    return true
  }
}

function inPython(module: string): Foreign {
  const lacks = obstacle(python, ['-c', `import ${module}`])
  return {
    name: `python3-${module}`,
    lacking: lacks ? `python3-${module} is left out: apt-get install it` : undefined,
    sends: code => module !== 'autobahn' || code === 1000 || code >= 3_000,
    knows: code => module === 'websockets' || code !== 1014,
    command: [python, here(`peer-${module}.py`)],
  }
}

function gorilla(): Foreign {
  const binary = join(built, 'gorilla')
  const env = {
    CGO_ENABLED: '0',
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOFLAGS: '',
    ...(!process.env['HOME'] && { GOCACHE: join(built, 'cache') }),
  }
  const lacks = obstacle('go', ['build', '-o', binary, here('peer-gorilla.go')], env)
  return {
    name: 'gorilla/websocket',
    lacking: lacks
      ? 'gorilla/websocket is left out: apt-get install golang-go golang-github-gorilla-websocket-dev'
      : undefined,
    sends: () => true,
    knows: code => code !== 1014,
    command: [binary],
  }
}

export const foreigners = (): Foreign[] => [inPython('websockets'), inPython('autobahn'), gorilla()]

/** A program that runs, and what it says. */
export class Program {
  readonly said = new Mailbox<Said>()
  readonly #process: ChildProcess
  readonly #gone: Promise<void>

  constructor({ command: [file = '', ...args] }: Foreign, ...more: string[]) {
    const child = spawn(file, [...args, ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = child
    createInterface({ input: child.stdout }).on('line', line =>
      this.said.put(JSON.parse(line) as Said),
    )
    this.#gone = new Promise(resolve => child.once('close', () => resolve()))
  }

  async stop(): Promise<void> {
    this.#process.kill()
    await this.#gone
  }
}
