/** A server with a hub, in a process of its own, and clients of it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import type { HubFlow, Reach } from 'rivulet'
import type { BrokerOptions } from 'rivulet/nats'
import type { Kind } from './broker-process.js'

const file = fileURLToPath(new URL('./hub-server.js', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a server says of itself when it is asked: µs of processor time, bytes of memory. */
export interface Report {
  readonly flow: HubFlow
  readonly used: number
  readonly rss: number
}

interface Told extends Partial<Report> {
  readonly port?: number
  readonly status?: { readonly name: string }
  readonly reaches?: Readonly<Record<string, Reach>>
}

export interface HubServer {
  /** The built package, or the sources. */
  readonly source: 'dist' | 'src'
  /** Without one the hub is alone. */
  readonly kind?: Kind | undefined
  readonly url?: string | undefined
  readonly options?: BrokerOptions | undefined
}

export class HubProcess {
  port = 0
  status = ''
  reaches: Readonly<Record<string, Reach>> = {}
  readonly #child: ChildProcess
  #report: Report | undefined
  #wake: () => void = () => undefined

  private constructor(plan: HubServer) {
    const loader = plan.source === 'src' ? ['--import', 'tsx'] : []
    this.#child = spawn(process.execPath, [...loader, file, JSON.stringify(plan)], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', message => this.#hear(message as Told))
    this.#child.on('exit', () => this.#wake())
  }

  static async start(plan: HubServer): Promise<HubProcess> {
    const server = new HubProcess(plan)
    await server.until(() => server.port > 0, 'listening')
    return server
  }

  #hear({ port, status, reaches, flow, used, rss }: Told): void {
    if (port !== undefined) this.port = port
    if (status) this.status = status.name
    if (reaches) this.reaches = reaches
    if (flow && used !== undefined && rss !== undefined) this.#report = { flow, used, rss }
    this.#wake()
  }

  get #gone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Waits for what the server's words make true. */
  async until(met: () => boolean, what: string): Promise<void> {
    while (!met()) {
      if (this.#gone) throw new Error(`The server ended before it was ${what}`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  /** Waits until all that somebody is in reach so far. */
  reaching(topics: number, ...allowed: readonly Reach[]): Promise<void> {
    const all = () => Object.values(this.reaches)
    return this.until(
      () => all().length === topics && all().every(reach => allowed.includes(reach)),
      `reaching: ${allowed.join()}`,
    )
  }

  async report(): Promise<Report> {
    this.#report = undefined
    this.#child.send('report')
    await this.until(() => this.#report !== undefined, 'reporting')
    return this.#report!
  }

  async kill(): Promise<void> {
    if (this.#gone) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

/** A client: it says `name number` and keeps what it hears. */
export class Member {
  readonly name: string
  readonly topic: number
  readonly server: number
  readonly heard: string[] = []
  readonly #ws: WebSocket
  #said = 0
  #wanted = Infinity
  #wake: () => void = () => undefined

  private constructor(name: string, topic: number, server: number, ws: WebSocket) {
    this.name = name
    this.topic = topic
    this.server = server
    this.#ws = ws
    ws.on('error', () => undefined)
    ws.on('message', (data: Buffer) => {
      this.heard.push(data.toString())
      if (this.heard.length >= this.#wanted) this.#wake()
    })
  }

  static async join(name: string, topic: number, server: number, port: number): Promise<Member> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/?topic-${topic}`)
    const member = new Member(name, topic, server, ws)
    await once(ws, 'open')
    return member
  }

  say(): void {
    this.#ws.send(`${this.name} ${this.#said++}`)
  }

  async hears(count: number): Promise<void> {
    if (this.heard.length >= count) return
    this.#wanted = count
    await new Promise<void>(resolve => (this.#wake = resolve))
    this.#wanted = Infinity
  }

  /** Waits until it has heard all of these. */
  async hearsOf(messages: readonly string[]): Promise<void> {
    let left = messages
    for (;;) {
      const heard = new Set(this.heard)
      left = left.filter(each => !heard.has(each))
      if (left.length === 0) return
      await this.hears(this.heard.length + 1)
    }
  }

  leave(): void {
    this.#ws.terminate()
  }
}

/** So many clients, spread evenly over the servers and topics: each topic has some at each server. */
export async function membersOf(
  servers: readonly HubProcess[],
  topics: number,
  count: number,
): Promise<Member[]> {
  const members: Member[] = []
  for (let n = 0; n < count; n++) {
    const server = n % servers.length
    const topic = Math.floor(n / servers.length) % topics
    members.push(await Member.join(`m${n}`, topic, server, servers[server]!.port))
  }
  return members
}
