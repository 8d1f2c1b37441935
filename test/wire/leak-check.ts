import { beforeEach, expect } from 'vitest'

const resources = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout']

/** What keeps this process alive, and who listens to it, each by its number. */
function held(): Record<string, number> {
  const counts = Object.fromEntries(resources.map(name => [name, 0]))
  for (const name of process.getActiveResourcesInfo()) {
    if (name in counts) counts[name] = (counts[name] ?? 0) + 1
  }
  for (const name of process.eventNames()) {
    counts[`listeners of ${String(name)}`] = process.listenerCount(name)
  }
  return counts
}

// A socket that was destroyed is gone a few turns later, and nothing tells when.
const bound = 3_000

/** After every test of the file: no socket, server, timer or process listener is left of it. */
export function checkLeaks(): void {
  beforeEach(({ onTestFinished }) => {
    const before = held()
    // registered first and therefore run last: behind whatever the test itself cleans up
    onTestFinished(async () => {
      const end = Date.now() + bound
      while (leaks(before).length > 0 && Date.now() < end) await new Promise(setImmediate)
      expect(leaks(before), 'left behind by the test').toEqual([])
    })
  })
}

function leaks(before: Record<string, number>): string[] {
  return Object.entries(held())
    .map(([name, count]) => ({ name, more: count - (before[name] ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ name, more }) => `${more} more ${name}`)
}
