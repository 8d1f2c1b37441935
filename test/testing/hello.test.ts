import { interval, map } from 'rxjs'
import { expect, test } from 'vitest'
import { virtualTime } from 'rivulet/testing'

test('a connection says hello for 60 virtual minutes, every five seconds, and lives', () => {
  const { alive } = virtualTime(
    ({ accept, expectStream }) => {
      const { peer } = accept(() => interval(5_000).pipe(map(() => 'hello')))
      expectStream(peer.received).toBe('5s h ' + '4999ms h '.repeat(719), { h: 'hello' })
    },
    { until: '1h 1s' },
  )
  expect(alive[0]?.flow).toMatchObject({ sent: 720, queued: 0, dropped: 0, refused: 0 })
  expect(alive).toHaveLength(1)
})
