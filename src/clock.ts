/** XState's clock on an RxJS scheduler, so that both read one time. */

import type { SchedulerLike, Subscription } from 'rxjs'

/** What XState asks of a clock. */
export interface Clock {
  setTimeout(fn: (...args: unknown[]) => void, timeout: number): Subscription
  clearTimeout(id: Subscription | undefined): void
}

export function clockOn(scheduler: SchedulerLike): Clock {
  return {
    setTimeout: (fn, timeout) => scheduler.schedule(() => fn(), timeout),
    clearTimeout: id => id?.unsubscribe(),
  }
}
