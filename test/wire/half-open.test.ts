import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'

checkLeaks()

const home = fileURLToPath(new URL('../..', import.meta.url))
const here = `rivulet-${process.pid}-here`
const there = `rivulet-${process.pid}-there`
const address = '10.203.0.1'

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Deletes these namespaces and what is in them, and those of a run that was killed. */
function clean(): void {
  const names = execFileSync('ip', ['netns', 'list']).toString()
  for (const [name, pid] of names.matchAll(/^rivulet-(\d+)-(?:here|there)/gm)) {
    if (Number(pid) === process.pid || !isRunning(Number(pid))) ip('netns', 'delete', name)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Two machines of one network of their own: nothing of it is seen outside. */
function connectNamespaces(): void {
  ip('netns', 'add', here)
  ip('netns', 'add', there)
  ip('-n', here, 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', there)
  ip('-n', here, 'address', 'add', `${address}/30`, 'dev', 'near')
  ip('-n', there, 'address', 'add', '10.203.0.2/30', 'dev', 'far')
  ip('-n', here, 'link', 'set', 'near', 'up')
  ip('-n', there, 'link', 'set', 'far', 'up')
}

/** Why there can be no namespaces here, if so. */
function obstacle(): string | undefined {
  try {
    clean()
    connectNamespaces()
    clean()
    return undefined
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer }
    if (code === 'ENOENT') return 'there is no `ip`; Debian has it in iproute2'
    return `${String(stderr).trim()}; run as root, in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN`
  }
}

const missing = obstacle()
const required = process.env['RIVULET_REQUIRE']?.includes('netns') ?? false
if (missing !== undefined && !required)
  console.warn(`Left out: a peer that is cut off (${missing})`)

class Running {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string, undefined>

  constructor(namespace: string, script: string, ...args: string[]) {
    const node = [process.execPath, '--import', 'tsx', `test/wire/${script}`, ...args]
    this.#child = spawn('ip', ['netns', 'exec', namespace, ...node], {
      cwd: home,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
    const ended = event(this.#child, 'close')
    onTestFinished(async () => {
      this.#child.kill('SIGKILL')
      await ended
    })
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value } = await this.#lines.next()
    if (value === undefined) throw new Error('It has ended')
    return value
  }

  async told(what: string): Promise<Record<string, unknown>> {
    const line = JSON.parse(await this.line()) as Record<string, unknown>
    expect(line['what']).toBe(what)
    return line
  }
}

test.skipIf(missing !== undefined && !required)(
  'a peer whose link goes down is found within interval and timeout',
  async () => {
    expect(missing).toBeUndefined()
    onTestFinished(clean)
    connectNamespaces()
    const [interval, timeout] = [400, 1_000]
    const server = new Running(here, 'half-open-server.ts', address, `${interval}`, `${timeout}`)
    const { port } = await server.told('listening')
    const peer = new Running(there, 'half-open-client.ts', `ws://${address}:${String(port)}`)
    await server.told('open')
    // it is alive for longer than timeout: pings cross, and pongs
    for (let pings = 0; pings < 4; pings++) expect(await peer.line()).toBe('ping')

    // the server is not told: no FIN, no RST, nothing comes any more
    ip('-n', there, 'link', 'set', 'far', 'down')
    const cut = performance.now()
    const { close, cause, handles } = await server.told('closed')
    const took = performance.now() - cut
    expect(close).toEqual({ code: 1006, reason: '', wasClean: false, by: 'network' })
    expect(cause).toBe('HeartbeatError')
    expect(took).toBeGreaterThan(timeout - interval)
    expect(took).toBeLessThan((interval + timeout) * 1.1)
    // its socket went with it, for TCP alone would keep it for a quarter of an hour
    expect(handles).not.toContain('TCPSocketWrap')
  },
)
