import { concat, interval, map, NEVER, of } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { TimeoutError, type Timeouts } from 'rivulet'
import { virtualTime } from 'rivulet/testing'

const names = ['handshake', 'close', 'stall', 'idle', 'lifetime'] as const

describe('the options', () => {
  const open = (timeouts: unknown) =>
    virtualTime(({ accept }) => void accept(undefined, { timeouts: timeouts as Timeouts }), {
      until: 1,
    })

  test.each(
    names.flatMap(name =>
      [Infinity, 2 ** 31, 0, -1, NaN, '5s', '5', null, true, {}].map(value => ({ name, value })),
    ),
  )('refuse $value for $name', ({ name, value }) => {
    expect(() => open({ [name]: value })).toThrow(TypeError)
    expect(() => open({ [name]: value })).toThrow(`timeouts.${name}: `)
    expect(() => open({ [name]: value })).toThrow(
      'a duration of more than 0 and less than 2^31 ms, or false for off',
    )
  })

  test.each(names.flatMap(name => [false, 0.5, 2 ** 31 - 1].map(value => ({ name, value }))))(
    'take $value for $name',
    ({ name, value }) => {
      expect(() => open({ [name]: value })).not.toThrow()
    },
  )

  test('are the only names', () => {
    expect(() => open({ idel: 1 })).toThrow(
      'timeouts.idel is not an option; there are: handshake, close, stall, idle, lifetime',
    )
  })
})

describe('idle', () => {
  test('is off by default', () => {
    const { alive } = virtualTime(({ accept }) => void accept(() => NEVER))
    expect(alive).toHaveLength(1)
  })

  test('closes with 1008 when nothing was said in either direction', () => {
    virtualTime(({ accept, expectStream, expectClose }) => {
      const { connection, peer } = accept(() => NEVER, {
        heartbeat: false,
        timeouts: { idle: 60_000 },
      })
      expectStream(peer.frames).toBe('1m c', { c: { close: 1008, reason: 'idle' } })
      expectClose(connection, '1m', {
        code: 1008,
        by: 'local',
        sent: 1008,
        received: 1008,
        wasClean: true,
        cause: new TimeoutError('idle', 60_000),
      })
    })
  })

  test.each(['in', 'out'])('counts messages that go %s', direction => {
    const { alive } = virtualTime(
      ({ accept }) => {
        const talk = interval(50_000).pipe(map(() => 'a'))
        const { peer } = accept(() => (direction === 'out' ? talk : NEVER), {
          timeouts: { idle: 60_000 },
        })
        if (direction === 'in') talk.subscribe(each => peer.send(each))
      },
      { until: '30m' },
    )
    expect(alive).toHaveLength(1)
  })

  test('does not count pings, in either direction', () => {
    virtualTime(({ accept, expectClose }) => {
      const { connection, peer } = accept(() => NEVER, {
        heartbeat: { interval: 10_000, timeout: 20_000 },
        timeouts: { idle: 60_000 },
      })
      interval(1_000).subscribe(() => peer.ping())
      expectClose(connection, '1m', { code: 1008 })
    })
  })

  test('comes a tenth late at most', () => {
    virtualTime(({ accept, expectClose }) => {
      const { connection, peer } = accept(() => NEVER, {
        heartbeat: false,
        timeouts: { idle: 60_000 },
      })
      peer.sends('7s a')
      // seen at 12 s
      expectClose(connection, '72s', { code: 1008 })
    })
  })

  test('throws away what still waits', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept(() => concat(of('x'.repeat(100_000), 'never'), NEVER), {
        timeouts: { idle: 1_000, close: 500 },
      })
      peer.stall()
      expectClose(connection, '1600ms', { code: 1006, sent: 1008, by: 'local' })
      at('2s', () => expect(connection.flow).toMatchObject({ sent: 1, dropped: 1 }))
    })
  })
})

describe('lifetime', () => {
  test('is off by default', () => {
    const { alive } = virtualTime(({ accept }) => {
      accept(() => interval(1_000).pipe(map(() => 'a')))
    })
    expect(alive).toHaveLength(1)
  })

  test('closes with 1012, however busy it is, and sends what is queued first', () => {
    virtualTime(({ accept, expectClose }) => {
      const { connection, peer } = accept(() => interval(1_000).pipe(map(() => 'a')), {
        timeouts: { lifetime: 60_000 },
      })
      interval(1_000).subscribe(() => peer.send('b'))
      expectClose(connection, '1m', {
        code: 1012,
        reason: 'lifetime over',
        by: 'local',
        sent: 1012,
        cause: new TimeoutError('lifetime', 60_000),
      })
    })
  })

  test('counts from the opening of each connection', () => {
    virtualTime(({ connect, expectClose }) => {
      for (const opens of ['1s', '7s']) {
        const { connection } = connect(() => NEVER, { opens, timeouts: { lifetime: 60_000 } })
        expectClose(connection, opens === '1s' ? '61s' : '67s', { code: 1012 })
      }
    })
  })
})

describe('stall', () => {
  test('ends also a connection that is closing, where close has no deadline', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept(() => concat(of('x'.repeat(100_000), 'never'), NEVER), {
        timeouts: { close: false, stall: 10_000 },
        heartbeat: false,
      })
      peer.stall()
      at('1s', () => connection.close())
      expectClose(connection, '10s', {
        code: 1006,
        by: 'local',
        cause: new TimeoutError('stall', 10_000),
      })
    })
  })
})
