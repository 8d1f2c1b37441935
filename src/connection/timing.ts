/** Timing: the clock and the dice of a connection, for what is built around it. */

import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { type Random, systemRandom } from '../random.js'

export interface Timing {
  readonly scheduler: SchedulerLike
  readonly random: Random
}

export const timing = Symbol('timing')

/** The system's, before there was any connection. */
export const systemTiming: Timing = { scheduler: asyncScheduler, random: systemRandom }

/** Those that the connection was given. */
export function timingOf(connection: object): Timing {
  return (connection as { readonly [timing]?: Timing })[timing] ?? systemTiming
}
