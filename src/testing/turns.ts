/** Turns: stops a run in which things go on and on while no time passes. */

import type { TestScheduler } from 'rxjs/testing'
import { written } from './duration.js'

// A turn is all that was due when it began; what it causes at the same ms is the next one.
const mostTurns = 100_000
const mostActions = 1_000_000

/** Lets the scheduler throw where it would never get to the next ms. */
export function boundTurns(scheduler: TestScheduler): void {
  let { frame } = scheduler
  let turns = 0
  let actions = 0
  let left = 0
  Object.defineProperty(scheduler, 'frame', {
    get: () => frame,
    // set once for each action, which has left the queue by then
    set(next: number) {
      if (next !== frame) turns = actions = left = 0
      frame = next
      actions++
      if (left-- === 0) {
        turns++
        left = scheduler.actions.filter(({ delay }) => delay <= next).length
      }
      if (turns <= mostTurns && actions <= mostActions) return
      throw new Error(
        `virtualTime: at ${written(next)} one thing leads to another without end, ` +
          `and no time passes: ${turns} turns, ${actions} actions. Is there an interval(0), ` +
          `an echo of an echo, or a connection that is opened whenever one has closed?`,
      )
    },
  })
}
