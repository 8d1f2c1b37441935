/**
 * The soak: what bounded memory means when somebody stops reading. 200 clients of a broadcast, of
 * whom 10 stall; a flood of echoes that nobody reads; 1 GiB to a slow reader. Each beside raw `ws`.
 * It fails when a bound is broken, and says which.
 *
 *     npm run soak
 *     npm run soak -- --plot FILE      draws the memory of all servers
 *     npm run soak -- --samples FILE   writes what was sampled
 */

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { broadcasts } from './broadcast.js'
import { echoes } from './echo.js'
import { plot } from './plot.js'
import type { Run } from './run.js'
import { full } from './size.js'
import { transfers } from './transfer.js'

const mebibyte = 1024 * 1024

/** What a server may take more when somebody stalls: so many times as much, */
const most = 1.2

/**
 * or so many bytes more. Most of what a broadcast takes is garbage, and when V8 collects it depends on
 * the machine: the same sources took 4 to 30 MiB more on one, and up to a fifth more on another.
 */
const leeway = 48 * mebibyte

/** What a paced transfer of 1 GiB may take more than making its chunks does, in bytes. */
const extra = 32 * mebibyte

const { values } = parseArgs({
  options: { plot: { type: 'string' }, samples: { type: 'string' }, seed: { type: 'string' } },
})
const size = { ...full, seed: Number(values.seed ?? full.seed) }
if (!Number.isSafeInteger(size.seed)) throw new TypeError('--seed takes a whole number')
const broken: string[] = []

const mib = (bytes: number) => Math.round(bytes / mebibyte)

function report(title: string, runs: readonly Run[], calm?: Run): void {
  console.log(title)
  console.table(
    Object.fromEntries(
      runs.map(({ name, base, peak, open, seconds, note }) => [
        name,
        {
          'RSS before': `${mib(base)} MiB`,
          'while open': `${mib(open)} MiB`,
          'in all': `${mib(peak)} MiB`,
          ...(calm
            ? { 'to the first': `× ${(open / calm.open).toFixed(2)}` }
            : { more: `${mib(peak - base)} MiB` }),
          took: `${seconds.toFixed(1)} s`,
          note,
        },
      ]),
    ),
  )
}

/** What a flood that is read and thrown away leaves to collect, while a connection closes, in bytes. */
const litter = 64 * mebibyte

function bound(what: string, calm: Run, { name, peak }: Run, limit: number): void {
  if (peak <= limit) return
  broken.push(
    `${what}: ${name} took ${mib(peak)} MiB, more than ${mib(limit)} MiB; ` +
      `it takes ${mib(calm.peak)} MiB when all read`,
  )
}

const { length, 0: cpu } = cpus()
console.log(`Node ${process.version} on ${length} × ${cpu?.model ?? 'unknown'}, seed ${size.seed}`)

try {
  const broadcast = await broadcasts(size)
  const { clients, stalled } = size
  report(
    `A broadcast to ${clients}, of whom ${stalled} stall`,
    [broadcast.calm, ...broadcast.stalled, ...broadcast.ws],
    broadcast.calm,
  )
  for (const each of broadcast.stalled) {
    const { peak } = broadcast.calm
    bound('The broadcast', broadcast.calm, each, Math.max(most * peak, peak + leeway))
  }

  const echo = await echoes(size)
  report('An echo to a flood', [echo.calm, ...echo.stalled, ...echo.ws], echo.calm)
  for (const each of echo.stalled) {
    // a closing connection reads on, so as to see the peer's Close, at the speed of the flood
    bound('The echo', echo.calm, { ...each, peak: each.open }, most * echo.calm.peak)
    bound('The echo, closing', echo.calm, each, echo.calm.peak + litter)
  }

  const transfer = await transfers(size)
  report('1 GiB to a slow reader', [...transfer.paced, ...transfer.ws])
  for (const { name, peak, base } of transfer.paced) {
    if (peak - base < extra) continue
    broken.push(
      `The transfer: ${name} took ${mib(peak - base)} MiB more, not less than ${mib(extra)}`,
    )
  }

  const last = <T>(runs: readonly T[]) => runs.slice(-1)
  const panels = [
    {
      title: `${clients} clients of a broadcast, ${stalled} stop reading`,
      runs: [broadcast.calm, ...broadcast.stalled, ...last(broadcast.ws)],
    },
    {
      title: 'an echo, its client never reads',
      runs: [echo.calm, ...echo.stalled, ...last(echo.ws)],
    },
    { title: '1 GiB to a slow reader', runs: [...transfer.paced, ...transfer.ws] },
  ]
  if (values.plot !== undefined) writeFileSync(values.plot, plot(panels))
  if (values.samples !== undefined) writeFileSync(values.samples, JSON.stringify(panels))
} catch (error) {
  broken.push(String(error))
}

for (const sentence of broken) console.error(sentence)
if (broken.length > 0) process.exitCode = 1
