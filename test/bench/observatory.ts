/**
 * What the observatory costs: 1,000 connections that say 10 messages a second each and hear them
 * again. The server's processor time with the page open against without, in turns, and the work of
 * the page's main thread in each frame, by a trace of Chromium.
 *
 *     npm run bench:observatory
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { launch, leftOut } from '../browser/chromium.js'
import { median, percentile } from './compare.js'
import { check, framed, masked, openPeers, type Peer } from './load.js'

const connections = 1_000
const perSecond = 10
const rounds = 5
const slice = 5_000

if (leftOut) {
  console.error('There is no Chromium on this machine')
  process.exit(1)
}

/** The processor time of a process so far, in s. */
function used({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function started() {
  const program = fileURLToPath(new URL('./observatory-server.js', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return { child, port: Number((await lines.next()).value) }
}

/** Says so much and no more, spread over the second; counts what is heard. */
function load(peers: readonly Peer[]) {
  const text = Buffer.from('a message of 32 bytes, no more. ')
  const message = masked(text)
  let heard = 0
  let said = 0
  for (const peer of peers) peer.expect(framed(text), times => (heard += times))
  const steps = 20
  let step = 0
  const timer = setInterval(() => {
    // each step has its own share of the peers, so that each speaks so often a second
    for (let at = step % (steps / perSecond); at < peers.length; at += steps / perSecond) {
      peers[at]!.socket.write(message)
      said++
    }
    step++
  }, 1_000 / steps)
  return {
    end: () => clearInterval(timer),
    get said() {
      return said
    },
    get heard() {
      return heard
    },
  }
}

interface TraceEvent {
  readonly name: string
  readonly cat: string
  readonly ph: string
  readonly ts: number
  readonly dur?: number
  /** Of it, what the thread has had of a processor. */
  readonly tdur?: number
  readonly pid: number
  readonly tid: number
  readonly args?: { readonly name?: string; readonly data?: { readonly url?: string } }
}

/** The tasks of the page's main thread, while it is shown for so long. */
async function traced(session: CDPSession, milliseconds: number): Promise<TraceEvent[]> {
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as never[])))
  const done = new Promise(resolve => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['toplevel', 'devtools.timeline', 'blink.user_timing', '__metadata'],
    },
  })
  await wait(milliseconds)
  await session.send('Tracing.end')
  await done
  return events
}

/**
 * The main thread's work in each frame, in ms: all of its tasks from one frame to the next, by
 * processor time; and by the clock, which counts what others have had of the processor too.
 */
function workOf(events: readonly TraceEvent[]): { frames: number[]; waited: number[] } {
  // the thread that draws the frames of the page
  const drawing = events.filter(({ name }) => name === 'FireAnimationFrame')
  const counts = new Map<string, number>()
  for (const { pid, tid } of drawing) {
    counts.set(`${pid}/${tid}`, (counts.get(`${pid}/${tid}`) ?? 0) + 1)
  }
  const [thread = ''] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? []
  const own = events.filter(({ pid, tid }) => `${pid}/${tid}` === thread)
  const starts = own
    .filter(({ name }) => name === 'FireAnimationFrame')
    .map(({ ts }) => ts)
    .toSorted((a, b) => a - b)
  const tasks = own.filter(({ name, ph }) => ph === 'X' && name.endsWith('RunTask'))
  const frames = starts.slice(1).map(() => 0)
  const waited = [...frames]
  for (const { ts, dur = 0, tdur = dur } of tasks) {
    // a task that draws a frame has begun a little before it
    const next = starts.findIndex(start => start > ts + dur)
    if (next < 1) continue
    frames[next - 1]! += tdur / 1_000
    waited[next - 1]! += dur / 1_000
  }
  return { frames, waited }
}

async function opened(browser: Browser, port: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1360, height: 1040 } })
  await page.goto(`http://127.0.0.1:${port}/observatory`)
  await page.getByTestId('states').getByText(connections.toLocaleString('en')).waitFor()
  await page.getByTestId('list').getByRole('button').first().click()
  return page
}

const { child, port } = await started()
const peers = await openPeers(port, connections)
const loading = load(peers)
const browser = await launch()
const costs: Record<'with' | 'without', number[]> = { with: [], without: [] }
const frames: number[] = []
const waited: number[] = []

try {
  await wait(3_000)
  for (let round = 0; round < rounds; round++) {
    for (const which of ['without', 'with'] as const) {
      const page = which === 'with' ? await opened(browser, port) : undefined
      // what opening costs is not what being open costs
      await wait(1_500)
      const [before, heard, since] = [used(child), loading.heard, performance.now()]
      await wait(slice)
      const seconds = (performance.now() - since) / 1_000
      const share = (used(child) - before) / (loading.heard - heard)
      costs[which].push(share * 1e6)
      console.log(
        `round ${round + 1} ${which}: ${(share * 1e6).toFixed(2)} µs a message, ` +
          `${Math.round((loading.heard - heard) / seconds)} messages a second`,
      )
      if (page) {
        const events = await traced(await page.context().newCDPSession(page), slice)
        const work = workOf(events)
        frames.push(...work.frames)
        waited.push(...work.waited)
        await page.close()
      }
    }
  }
  check(peers)
} finally {
  loading.end()
  await browser.close()
  for (const peer of peers) peer.close()
  child.stdin.end()
}

const ratios = costs.with.map((cost, at) => cost / costs.without[at]!)
const ms = (of: readonly number[]) =>
  [0.5, 0.95, 0.99]
    .map(share => `p${share * 100} ${percentile(of, share).toFixed(2)} ms`)
    .join(', ')
console.log(
  `Node ${process.version} on ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`,
)
console.log(
  `Server, processor time with the page open against without: ${median(ratios).toFixed(2)} ` +
    `(${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}), ${rounds} rounds; wanted: 1.2 at most`,
)
console.log(
  `Page, main thread a frame, ${frames.length} frames; wanted: p95 of 8 ms at most\n` +
    `  processor time ${ms(frames)}\n  by the clock   ${ms(waited)}`,
)
process.exit(0)
