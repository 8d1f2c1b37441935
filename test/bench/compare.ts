/** Interleaved rounds of one workload on several candidates, and their ratios to the first of them. */

import type { Process } from './process.js'
import type { Run } from './workloads.js'

export interface Candidate {
  readonly name: string
  readonly process: Process
  readonly run: Run
}

export interface Figures {
  readonly name: string
  /** How often it was done a second of the clock, and a second of the processor's time. */
  readonly perSecond: number
  readonly perCpuSecond: number
  /** Medians of the rounds' ratios to the first candidate, with the least and the most. */
  readonly rate: Ratio
  readonly cpu: Ratio
  /** How much of the time the server was busy. */
  readonly busy: number
}

export interface Ratio {
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface Length {
  readonly rounds: number
  /** A round is cut small, and all take turns, so that what disturbs the machine disturbs all. */
  readonly slices: number
  /** In ms. */
  readonly slice: number
  readonly warmUp: number
}

interface Round {
  count: number
  seconds: number
  used: number
}

export async function compare(
  candidates: readonly Candidate[],
  { rounds, slices, slice, warmUp }: Length,
): Promise<Figures[]> {
  for (const { run } of candidates) await run.for(warmUp)
  const measured = candidates.map(() => [] as Round[])
  for (let round = 0; round < rounds; round++) {
    for (const each of measured) each.push({ count: 0, seconds: 0, used: 0 })
    for (let turn = 0; turn < slices * candidates.length; turn++) {
      // nobody is always first, or always behind the same other
      const at = (Math.floor(turn / candidates.length) + turn) % candidates.length
      const { process, run } = candidates[at]!
      const into = measured[at]![round]!
      const [used, start] = [process.used, performance.now()]
      into.count += await run.for(slice)
      into.seconds += (performance.now() - start) / 1000
      into.used += process.used - used
    }
  }
  return candidates.map(({ name }, at) => {
    const own = measured[at]!
    return {
      name,
      perSecond: median(own.map(perSecond)),
      perCpuSecond: median(own.map(perCpuSecond)),
      rate: ratio(own, measured[0]!, perSecond),
      cpu: ratio(own, measured[0]!, perCpuSecond),
      busy: median(own.map(({ used, seconds }) => used / seconds)),
    }
  })
}

const perSecond = ({ count, seconds }: Round) => count / seconds
const perCpuSecond = ({ count, used }: Round) => count / used

export function ratioOf(ratios: readonly number[]): Ratio {
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) }
}

function ratio(rounds: readonly Round[], base: readonly Round[], figure: (round: Round) => number) {
  return ratioOf(rounds.map((round, at) => figure(round) / figure(base[at]!)))
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/** The value that so much of them do not exceed. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
