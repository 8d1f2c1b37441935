import { describe, expect, test } from 'vitest'
import type { Drained } from '../../src/server/drain.js'
import { type Party, Together } from '../../src/server/together.js'

class Lister implements Party {
  readonly path = '/feed'
  readonly live = new Set<Drained>()
  gone: (() => void) | undefined
  asked = 0
  ended = 0

  get roster() {
    this.asked++
    return { live: this.live, refuse: () => undefined, end: () => this.ended++ }
  }

  shut(): void {
    // nobody waits
  }
}

const connection: Drained = {
  state: 'open',
  drain: () => undefined,
  abandon: () => undefined,
}

describe('an acceptor that takes nobody any more', () => {
  test('is forgotten when it has no connections', () => {
    const together = new Together()
    const party = new Lister()
    together.add(party)
    together.leave(party)
    const { asked } = party
    expect([together.size, [...together], together.at('/feed')]).toEqual([0, [], undefined])
    expect(party.asked).toBe(asked)
  })

  test('counts until its last connection has gone', () => {
    const together = new Together()
    const party = new Lister()
    party.live.add(connection)
    together.add(party)
    together.leave(party)
    expect([together.size, [...together]]).toEqual([1, [connection]])
    expect(together.at('/feed')).toBeUndefined()
    party.live.delete(connection)
    party.gone?.()
    const { asked } = party
    expect(together.size).toBe(0)
    expect(party.asked).toBe(asked)
  })

  test('is there again when it takes them again', () => {
    const together = new Together()
    const party = new Lister()
    party.live.add(connection)
    together.add(party)
    together.leave(party)
    together.add(party)
    party.live.delete(connection)
    party.gone?.()
    expect(together.at('/feed')).toBe(party)
    together.end()
    expect(party.ended).toBe(1)
  })
})
