/** One server under one load, and what it took. */

import { setTimeout } from 'node:timers/promises'
import { Child, type Ended, type Plan, type Sample } from './child.js'

export interface Run {
  readonly name: string
  readonly samples: readonly Sample[]
  /** The most memory of the server's process, and what it had before the load, in bytes. */
  readonly peak: number
  readonly base: number
  /** The most that it had until the first connection left open. */
  readonly open: number
  readonly seconds: number
  readonly ended: readonly Ended[]
  /** What else there is to say of it. */
  readonly note: string
}

// no run takes a third of this, unless it hangs
const patience = 90_000

async function late(): Promise<never> {
  await setTimeout(patience, undefined, { ref: false })
  throw new Error(`not done within ${patience / 1000} s`)
}

/** Starts the server, loads it, and stops it whatever happened. */
export async function run(
  name: string,
  plan: Plan,
  load: (server: Child) => Promise<string>,
): Promise<Run> {
  const server = await Child.start(plan)
  try {
    const { base } = server
    const start = performance.now()
    const note = await Promise.race([load(server), late()])
    const seconds = (performance.now() - start) / 1000
    const { samples, ended } = server
    const [peak, open] = [server.peak(), server.peak(server.left)]
    return { name, samples, peak, base, open, seconds, ended, note }
  } catch (error) {
    throw new Error(`${name}: ${String(error)}`, { cause: error })
  } finally {
    server.stop()
  }
}

/** Fails with what was seen when a fact is none. */
export function check(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence)
}
