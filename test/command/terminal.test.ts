import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Peer, wsServing } from '../wire/ws-server.js'
import { installed, program, Run } from './installed.js'
import { seen } from './screen.js'

const inTerminal = fileURLToPath(new URL('terminal.py', import.meta.url))
const lacking = spawnSync('python3', ['-c', 'import pty']).status !== 0
if (lacking) console.warn('The tests of terminals are left out: they need python3.')

installed()

const columns = 40

function withoutEnd(rows: readonly string[]): string[] {
  return rows.slice(0, rows.findLastIndex(row => row !== '') + 1)
}

/** Somebody at a terminal. */
class Somebody extends Run {
  constructor(args: readonly string[], env: Record<string, string> = {}) {
    const plain = { TERM: 'xterm', NO_COLOR: '', ...env }
    super(['python3', inTerminal, String(columns), process.execPath, program, ...args], plain)
  }

  get screen(): string[] {
    // a row below the last one is nothing to see
    return withoutEnd(seen(this.said, columns))
  }

  /** Waits until the screen ends with that. */
  async sees(...rows: string[]): Promise<void> {
    const wanted = withoutEnd(rows)
    const ends = () => this.screen.slice(-wanted.length).join('\n') === wanted.join('\n')
    const more = () => new Promise(resolve => this.child.stdout?.once('data', resolve))
    while (!ends()) {
      await Promise.race([more(), this.failed()])
    }
  }
}

async function talking(args: readonly string[] = [], env?: Record<string, string>) {
  const { url, peers } = await wsServing()
  const somebody = new Somebody(['connect', url, ...args], env)
  const peer: Peer = await Promise.race([peers.next(), somebody.failed()])
  await somebody.sees('open', '>')
  return { url, somebody, peer }
}

describe.skipIf(lacking)('at a terminal', () => {
  test('sends what is typed, and marks what comes', async () => {
    const { url, somebody, peer } = await talking()
    somebody.type('hi\r')
    expect(await peer.got.next()).toBe('hi')
    peer.ws.send('hello')
    await somebody.sees('> hi', '< hello', '>')
    expect(somebody.screen).toEqual([`connecting to ${url}/`, 'open', '> hi', '< hello', '>'])
  })

  test('keeps what is being typed below what comes', async () => {
    const { somebody, peer } = await talking()
    somebody.type('hal')
    await somebody.sees('open', '> hal')
    peer.ws.send('one')
    await somebody.sees('open', '< one', '> hal')
    somebody.type('f\r')
    expect(await peer.got.next()).toBe('half')
    await somebody.sees('open', '< one', '> half', '>')
  })

  test.each([37, 38, 39, 60, 78, 100])(
    'keeps a line of %d characters, which is wider than the terminal or nearly, whole',
    async length => {
      const { somebody, peer } = await talking()
      const line = 'x'.repeat(length)
      const rowsOf = (text: string) => `> ${text}`.match(/.{1,40}/g) ?? []
      // key by key: what is pasted over the end of a row Node itself draws wrongly
      for (let typed = 1; typed <= length; typed++) {
        somebody.type('x')
        await somebody.sees('open', ...rowsOf(line.slice(0, typed)))
      }
      for (const word of ['one', 'two', 'three']) peer.ws.send(word)
      await somebody.sees('open', '< one', '< two', '< three', ...rowsOf(line))
      somebody.type('y')
      await somebody.sees('< three', ...rowsOf(`${line}y`))
      somebody.type('\r')
      expect(await peer.got.next()).toBe(`${line}y`)
    },
  )

  test('keeps the cursor where it was', async () => {
    const { somebody, peer } = await talking()
    somebody.type('ac')
    await somebody.sees('open', '> ac')
    somebody.type('\x1b[D')
    peer.ws.send('one')
    await somebody.sees('open', '< one', '> ac')
    somebody.type('b')
    await somebody.sees('> abc')
    somebody.type('\r')
    expect(await peer.got.next()).toBe('abc')
  })

  test('shows what would steer the terminal, and does not obey it', async () => {
    const { somebody, peer } = await talking()
    peer.ws.send('\x1b]0;mine\x07\x9b2J')
    await somebody.sees('open', '< \\u001b]0;mine\\u0007\\u009b2J', '>')
    peer.ws.close(4000, '\x1b[2J')
    expect(await somebody.exit).toBe(1)
    expect(somebody.screen.join('')).toContain('closed with 4000 by the server: \\u001b[2J')
  })

  test('closes with 1000 at Ctrl+D, and prints the answers that still come', async () => {
    const { somebody, peer } = await talking()
    peer.ws.on('message', () => peer.ws.send('answer'))
    somebody.type('question\r\x04')
    expect((await peer.closed).code).toBe(1000)
    expect(await somebody.exit).toBe(0)
    expect(somebody.screen.filter(row => !row.startsWith('connecting'))).toEqual([
      'open',
      '> question',
      expect.stringMatching(/answer|closing/),
      expect.stringMatching(/answer|closing/),
      'closed with 1000',
    ])
  })

  test('closes with 1000 at Ctrl+C, and leaves nothing of the prompt', async () => {
    const { somebody, peer } = await talking()
    somebody.type('not sent')
    await somebody.sees('> not sent')
    somebody.type('\x03')
    expect((await peer.closed).code).toBe(1000)
    expect(await somebody.exit).toBe(0)
    await somebody.sees('open', 'closing', 'closed with 1000')
  })

  test('does not wait at a second Ctrl+C', async () => {
    const { somebody, peer } = await talking()
    peer.ws.pause()
    somebody.type('\x03')
    await somebody.sees('open', 'closing')
    somebody.type('\x03')
    expect(await somebody.exit).toBe(130)
  })

  test('says that a line is not hex, and goes on', async () => {
    const { somebody, peer } = await talking(['--binary', 'hex'])
    somebody.type('xx\r')
    await somebody.sees('> xx', 'That is not hex, and was not sent.', '>')
    somebody.type('00 ff\r')
    expect(await peer.got.next()).toEqual(Buffer.of(0, 255))
    peer.ws.send(Buffer.of(1, 2))
    await somebody.sees('> 00 ff', '< 0102', '>')
  })

  test('has colours, and none where NO_COLOR says so', async () => {
    const { somebody } = await talking()
    expect(somebody.said).toContain('\x1b[2mopen\x1b[0m')
    const plain = await talking([], { NO_COLOR: '1' })
    expect(plain.somebody.said).not.toContain('\x1b[2m')
  })
})
