/**
 * What hostile clients get, and what a neighbour notices of it, who says something to an echo every
 * 10 ms. Server, attackers and neighbour are three processes. Takes less than a minute.
 *
 *     node --import tsx test/bench/hostile.ts
 */

import { cpus, loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { Attack, Outcome, Target } from './hostile-attacks.js'
import { Child } from './hostile-child.js'
import { Neighbour } from './hostile-neighbour.js'
import { pinned, pinSelf } from './process.js'

const mebibyte = 1024 * 1024
const lasts = 5_000
// before each attack, and after the last
const calm = 1_000
// no attack takes that, unless it hangs
const patience = 20_000

interface Plan {
  readonly name: string
  readonly attack: Attack
  readonly how?: Partial<Target>
  readonly beyond?: 'pause'
  /** What is said of it besides what it got. */
  readonly note?: (outcome: Outcome) => string
}

const written = ({ bytes }: Outcome) => `${Math.round(bytes / mebibyte)} MiB written`

const plans: readonly Plan[] = [
  {
    name: 'as fast as it can; goes when it is told to, and comes back',
    attack: 'flood',
    note: written,
  },
  { name: 'as fast as it can; deaf to being told to go', attack: 'deafFlood', note: written },
  {
    name: "as fast as it can; beyond: 'pause'",
    attack: 'flood',
    beyond: 'pause',
    note: ({ echoes }) => `${echoes} echoes`,
  },
  { name: 'a byte a second: 50 handshakes', attack: 'slowHandshake', how: { count: 50 } },
  { name: 'a byte a second: 50 messages', attack: 'slowFrame', how: { count: 50, lasts: 6_000 } },
  {
    name: '2 GiB in fragments; deaf to being told to go',
    attack: 'fragments',
    how: { size: 2_048 * mebibyte },
    note: written,
  },
  { name: '5,000 connections from one address', attack: 'crowd', how: { count: 5_000 } },
  {
    name: '1 GiB deflated, again and again',
    attack: 'bomb',
    how: { size: 1_024 * mebibyte },
    note: written,
  },
]

interface Row {
  readonly name: string
  readonly got: string
  readonly times: readonly number[]
  /** The most memory of the server, in bytes. */
  readonly rss: number
}

async function late(): Promise<never> {
  await setTimeout(patience, undefined, { ref: false })
  throw new Error(`not done within ${patience / 1000} s`)
}

function said({ got }: Outcome): string {
  return Object.entries(got)
    .map(([what, count]) => `${count.toLocaleString('en')} × ${what}`)
    .join('; ')
}

function quantile(times: readonly number[], part: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN).toFixed(1)} ms`
}

function print(rows: readonly Row[], rss: number): void {
  const { length, 0: cpu } = cpus()
  const cores = pinned ? 'the server on one core, the others on another' : 'not pinned to cores'
  console.log(`Node ${process.version} on ${length} × ${cpu?.model ?? 'unknown'}; ${cores}`)
  console.log(`Load of the machine: ${loadavg()[0]!.toFixed(1)}`)
  console.table(
    Object.fromEntries(
      rows.map(({ name, got, times, rss }) => [
        name,
        {
          got: got,
          "neighbour's median": quantile(times, 0.5),
          p99: quantile(times, 0.99),
          worst: quantile(times, 1),
          'RSS of the server': `${Math.round(rss / mebibyte)} MiB`,
        },
      ]),
    ),
  )
  console.log(`RSS of the server at the end: ${Math.round(rss / mebibyte)} MiB`)
}

pinSelf()
const [server, clients] = [new Child('hostile-server.ts', 0), new Child('hostile-clients.ts', 1)]
try {
  let [rss, peak] = [0, 0]
  server.hear('rss', now => {
    rss = now
    peak = Math.max(peak, now)
  })
  const [ports] = await Promise.all([server.next('ports'), clients.next('ready')])
  const neighbour = await Neighbour.open(ports.close)
  const met = <T>(what: Promise<T>) => Promise.race([what, neighbour.lost, server.gone, late()])

  // what is not fast yet is no news
  await met(setTimeout(calm))
  const calmTimes: number[] = (neighbour.times = [])
  await met(setTimeout(calm))
  const nobody = peak
  const rows: Row[] = []
  for (const { name, attack, how, beyond = 'close', note } of plans) {
    const times: number[] = (neighbour.times = [])
    peak = 0
    const target = { port: ports[beyond], lasts, count: 1_000, pace: 1_000, size: 0, ...how }
    clients.tell({ attack, target })
    const outcome = await met(clients.next('outcome'))
    const got = [said(outcome), ...(note ? [note(outcome)] : [])].join('; ')
    rows.push({ name, got, times, rss: peak })
    neighbour.times = calmTimes
    await met(setTimeout(calm))
  }
  rows.unshift({ name: 'nobody', got: '', times: calmTimes, rss: nobody })
  print(rows, rss)
  console.log(`Not yet back at the neighbour: ${neighbour.waiting} of what it said`)
  neighbour.close()
} finally {
  server.stop()
  clients.stop()
}
