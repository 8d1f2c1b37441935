import { interval, map, merge, of, range } from 'rxjs'
import { expect, test } from 'vitest'
import { like, virtualTime, type VirtualTime } from 'rivulet/testing'

// Each of these once ran for ever.

test.each<[string, (time: VirtualTime) => void]>([
  [
    'an echo of an echo',
    ({ link }) => {
      link({ server: c => c.messages, client: c => merge(of('x'), c.messages) })
    },
  ],
  [
    'an interval of 0 ms',
    ({ accept }) => {
      accept(() => interval(0).pipe(map(each => `${each}`)))
    },
  ],
  [
    'a connection for each that has closed',
    ({ accept }) => {
      const again = () => {
        accept(() => of('x')).connection.closed.subscribe(again)
      }
      again()
    },
  ],
])('%s fails the run instead of hanging it', (_, script) => {
  expect(() => virtualTime(script, { until: '1s' })).toThrow(
    /^virtualTime: at 0s one thing leads to another without end, and no time passes/,
  )
})

test('a writer that never lets go of the turn is ended with 1013, also on a perfect wire', () => {
  virtualTime(({ accept, expectClose }) => {
    const { connection } = accept(() => range(0, Infinity).pipe(map(each => `${each}`)))
    expectClose(connection, '0s', {
      code: 1013,
      by: 'local',
      cause: like({ code: 'ERR_OVERFLOW' }),
    })
  })
})

test('a history that is emitted at once reaches a healthy peer whole', () => {
  virtualTime(
    ({ accept, at }) => {
      const { connection, peer } = accept(() =>
        merge(
          range(0, 150_000).pipe(map(each => `${each}`)),
          interval(1e9).pipe(map(each => `${each}`)),
        ),
      )
      at('1s', () => {
        expect(peer.received.values).toHaveLength(150_000)
        expect(connection.flow).toMatchObject({ sent: 150_000, queued: 0, dropped: 0 })
      })
    },
    { until: '2s' },
  )
})

test('two thousand connections that open at once are not endless', () => {
  const { alive } = virtualTime(
    ({ accept }) => {
      for (let count = 0; count < 2_000; count++) accept(({ send }) => void send('hello'))
    },
    { until: '1s' },
  )
  expect(alive).toHaveLength(2_000)
})

test.each([Infinity, -Infinity, NaN])('%d is no end of a run, and no time in it', time => {
  expect(() => virtualTime(() => {}, { until: time })).toThrow(TypeError)
  virtualTime(({ at }) => expect(() => at(time, () => {})).toThrow(TypeError))
})
