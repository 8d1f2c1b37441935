/** Real brokers as processes of their own, each on a free port, with its data in a folder that goes. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export type Kind = 'nats' | 'redis'

const kinds = {
  nats: {
    program: 'nats-server',
    args: (port: number) => ['-a', '127.0.0.1', '-p', String(port)],
    ready: /Server is ready/,
  },
  redis: {
    program: 'redis-server',
    args: (port: number) => ['--bind', '127.0.0.1', '--port', String(port), '--save', ''],
    ready: /Ready to accept connections/,
  },
} as const

function find(kind: Kind, env = process.env): string | undefined {
  const { program } = kinds[kind]
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  return folders.map(folder => join(folder, program)).find(existsSync)
}

const required = (process.env['RIVULET_REQUIRE'] ?? '').split(',').includes('brokers')

/** The brokers of this machine. What is not there is left out, and said in one line. */
export function brokersHere(): Kind[] {
  return (Object.keys(kinds) as Kind[]).filter(kind => {
    if (find(kind)) return true
    const { program } = kinds[kind]
    if (required) throw new Error(`RIVULET_REQUIRE asks for brokers, and ${program} was not found`)
    console.warn(`tests on ${program} left out: it was not found; apt-get install ${program}`)
    return false
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export class BrokerProcess {
  readonly kind: Kind
  readonly url: string
  readonly #port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'rivulet-broker-'))
  #child: ChildProcess | undefined

  private constructor(kind: Kind, port: number) {
    this.kind = kind
    this.#port = port
    this.url = `${kind}://127.0.0.1:${port}`
  }

  static async start(kind: Kind): Promise<BrokerProcess> {
    const broker = new BrokerProcess(kind, await freePort())
    await broker.start()
    return broker
  }

  /** Starts it, again on the same port. */
  async start(): Promise<void> {
    const { args, ready } = kinds[this.kind]
    const child = spawn(find(this.kind)!, args(this.#port), { cwd: this.#folder })
    this.#child = child
    let said = ''
    await new Promise<void>((resolve, reject) => {
      const hear = (text: Buffer) => {
        said += text.toString()
        if (ready.test(said)) resolve()
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('exit', () => reject(new Error(`${this.kind} did not start: ${said}`)))
    })
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child) return
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
