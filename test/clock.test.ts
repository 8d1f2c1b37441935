import { TestScheduler } from 'rxjs/testing'
import { createActor, setup } from 'xstate'
import { expect, test } from 'vitest'
import { clockOn } from '../src/clock.js'

test("an actor's delayed transitions happen in virtual time, chained ones too", () => {
  const machine = setup({}).createMachine({
    initial: 'a',
    states: {
      a: { after: { 1_000: 'b' } },
      b: { after: { 2_000: 'c' } },
      c: { after: { 3_000: 'd' } },
      d: { type: 'final' },
    },
  })
  const scheduler = new TestScheduler(() => undefined)
  const seen: [number, string][] = []
  scheduler.run(() => {
    const actor = createActor(machine, { clock: clockOn(scheduler) })
    actor.subscribe(({ value }) => seen.push([scheduler.now(), value]))
    actor.start()
  })
  expect(seen).toEqual([
    [0, 'a'],
    [1_000, 'b'],
    [3_000, 'c'],
    [6_000, 'd'],
  ])
})

test('a timer that was cleared does not fire', () => {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const clock = clockOn(scheduler)
    clock.clearTimeout(clock.setTimeout(() => expect.unreachable(), 10))
    clock.clearTimeout(undefined)
  })
  expect(scheduler.now()).toBe(0)
})
