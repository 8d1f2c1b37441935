/** Root: the parent of all connections of one server or client. It outlives a child's error. */

import type { SchedulerLike } from 'rxjs'
import { type AnyActorRef, createActor, fromTransition } from 'xstate'
import { clockOn } from '../clock.js'

export function createRoot(scheduler: SchedulerLike): AnyActorRef {
  const logic = fromTransition(state => state, undefined)
  return createActor(logic, { clock: clockOn(scheduler) }).start()
}
