/** Agenda: what a virtual scheduler still has to do, in order. */

import type { VirtualTimeScheduler } from 'rxjs'

/**
 * Lets each action in at its place. RxJS sorts all of them anew for every action that comes, which
 * a thousand connections would feel.
 */
export function keepInOrder({ actions }: VirtualTimeScheduler): void {
  Object.defineProperties(actions, {
    push: {
      value(action: (typeof actions)[number]) {
        let [low, high] = [0, actions.length]
        while (low < high) {
          const middle = (low + high) >>> 1
          // behind those of the same time: they came first
          if ((actions[middle]?.delay ?? 0) <= action.delay) low = middle + 1
          else high = middle
        }
        actions.splice(low, 0, action)
        return actions.length
      },
    },
    sort: { value: () => actions },
  })
}
