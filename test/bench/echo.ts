/**
 * What an echo costs: 16 bytes of text, one message at a time on each of 64 connections, beside raw
 * `ws` in the same run. A second raw `ws` is the control: how far it is from the first is noise.
 *
 *     npm run bench:echo
 *     npm run bench:echo -- --profile DIR    writes a CPU profile of each server there
 */

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { Load } from './load.js'
import { type EchoServer, pinned, pinSelf, startServer } from './server.js'

const connections = 64
const rounds = 7
const warmUp = 1_500
// a round is cut small, and all take turns, so that what disturbs the machine disturbs all
const slices = 10
const slice = 100

interface Round {
  echoes: number
  seconds: number
  /** Processor time of the server, in s. */
  used: number
}

interface Candidate {
  readonly name: string
  readonly server: EchoServer
  readonly load: Load
  readonly rounds: Round[]
}

const { values } = parseArgs({ options: { profile: { type: 'string' } } })
const flags = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]

async function enter(name: string, kind: 'rivulet' | 'ws'): Promise<Candidate> {
  const server = await startServer(kind, flags)
  const load = await Load.open(server.port, connections)
  return { name, server, load, rounds: [] }
}

async function measure({ server, load }: Candidate, round: Round): Promise<void> {
  const before = await server.used()
  const { echoes, seconds } = await load.run(slice)
  round.used += ((await server.used()) - before) / 1e6
  round.echoes += echoes
  round.seconds += seconds
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
}

const rate = ({ echoes, seconds }: Round) => echoes / seconds
const cost = ({ echoes, used }: Round) => (used / echoes) * 1e6
const busy = ({ seconds, used }: Round) => used / seconds

/** The median of the rounds' ratios to raw `ws` in the same round, with the least and the most. */
function compare({ rounds }: Candidate, figure: (round: Round) => number): string {
  const ratios = rounds.map((round, at) => figure(round) / figure(base.rounds[at]!))
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)]
  return `${median(ratios).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
}

pinSelf()
const base = await enter('raw ws', 'ws')
const candidates = [
  base,
  await enter('raw ws again, the control', 'ws'),
  await enter('rivulet', 'rivulet'),
]
for (const { load } of candidates) await load.run(warmUp)
for (let round = 0; round < rounds; round++) {
  for (const { rounds } of candidates) rounds.push({ echoes: 0, seconds: 0, used: 0 })
  for (let turn = 0; turn < slices * candidates.length; turn++) {
    // nobody is always first, or always behind the same other
    const turned = Math.floor(turn / candidates.length) + turn
    const candidate = candidates[turned % candidates.length]!
    await measure(candidate, candidate.rounds[round]!)
  }
}

const { length, 0: cpu } = cpus()
const cores = pinned ? 'servers on one core, the load on another' : 'not pinned to cores'
console.log(`Echo of 16 B text, ping-pong, ${connections} connections`)
console.log(`Node ${process.version} on ${length} × ${cpu?.model ?? 'unknown'}; ${cores}`)
console.log(
  `Medians of ${rounds} rounds of ${slices} × ${slice} ms, in brackets the least and the most`,
)
console.table(
  Object.fromEntries(
    candidates.map(candidate => [
      candidate.name,
      {
        'echoes/s': Math.round(median(candidate.rounds.map(rate))),
        ratio: compare(candidate, rate),
        'CPU of an echo': `${median(candidate.rounds.map(cost)).toFixed(1)} µs`,
        'its ratio': compare(candidate, cost),
        busy: `${Math.round(median(candidate.rounds.map(busy)) * 100)} %`,
      },
    ]),
  ),
)
if (candidates.some(({ rounds }) => median(rounds.map(busy)) < 0.9)) {
  console.log('A server was not busy all the time: others used the machine. Go by the CPU.')
}

for (const { load, server } of candidates) {
  load.close()
  server.stop()
}
