import { concat, interval, map, NEVER, of } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { HeartbeatError, TimeoutError } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

// the earliest first ping: half an interval after the opening
const random = () => 0

describe('a heartbeat', () => {
  test('pings a silent peer of a server by default, and its answers keep it for ever', () => {
    const { alive } = virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => NEVER, { random })
      expectStream(connection.states).toBe('(co)', { c: 'connecting', o: 'open' })
      at('150s', () => expect(peer.frames.values).toEqual(Array(5).fill('ping')))
    })
    expect(alive).toHaveLength(1)
  })

  test('pings at half an interval at the earliest, then an interval behind the answer', () => {
    virtualTime(({ accept, at }) => {
      const { peer } = accept(() => NEVER, { random })
      const times = () => peer.frames.messages.map(({ frame }) => frame / 1_000)
      // an answer is seen at the next look, 3 s later
      at('100s', () => expect(times()).toEqual([15, 48, 81]))
    })
  })

  test('is off on clients by default', () => {
    const { alive } = virtualTime(({ connect, at }) => {
      const { peer } = connect(() => NEVER)
      at('30m', () => peer.vanish())
      at('59m', () => expect(peer.frames.values).toEqual([]))
    })
    expect(alive).toHaveLength(1)
  })

  test('is off when it is false, also for a peer that is gone', () => {
    const { alive } = virtualTime(({ accept, at }) => {
      const { peer } = accept(() => NEVER, { heartbeat: false })
      at('1m', () => peer.vanish())
      at('59m', () => expect(peer.frames.values).toEqual([]))
    })
    expect(alive).toHaveLength(1)
  })

  test('is on on a client that asks for it', () => {
    virtualTime(({ connect, at, expectClose }) => {
      const { connection, peer } = connect(() => NEVER, { heartbeat: {}, random })
      at('1s', () => peer.vanish())
      expectClose(connection, '1m', { code: 1006, cause: new HeartbeatError(60_000) })
    })
  })
})

describe('a peer that vanishes', () => {
  test('is 1006 by the network, with a HeartbeatError, a timeout after its last sign was seen', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept(() => NEVER, { random })
      at('20s', () => peer.send('here'))
      at('21500ms', () => peer.vanish())
      // the look at 21 s saw the message
      expectClose(connection, '81s', {
        code: 1006,
        by: 'network',
        wasClean: false,
        cause: like({
          code: 'ERR_HEARTBEAT',
          message: 'heartbeat.timeout: nothing came from the peer for 60000 ms',
        }),
      })
    })
  })

  test('is found though it is sent to all the while', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept(() => interval(1_000).pipe(map(() => 'hello')), {
        random,
      })
      at('20s', () => peer.vanish())
      // the look at 18 s saw the answer to the ping at 15 s
      expectClose(connection, '78s', { code: 1006, cause: like({ code: 'ERR_HEARTBEAT' }) })
    })
  })

  test('and comes back in time stays', () => {
    const { alive } = virtualTime(({ accept, at }) => {
      const { peer } = accept(() => NEVER, { random })
      at('20s', () => peer.vanish())
      at('60s', () => peer.reappear())
    })
    expect(alive).toHaveLength(1)
  })

  test('that answers no ping, and is silent, is lost too', () => {
    virtualTime(({ accept, expectClose }) => {
      const { connection, peer } = accept(() => NEVER)
      peer.silence()
      expectClose(connection, '1m', { code: 1006, cause: like({ code: 'ERR_HEARTBEAT' }) })
    })
  })

  test('leaves no timer and no ping behind', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(() => NEVER, { random })
      at('1s', () => connection.close())
      at('59m', () => expect(peer.frames.values).toEqual([{ close: 1000, reason: '' }]))
    })
  })
})

describe('a peer that is slow', () => {
  test('stays while a large frame of it comes in bit by bit', () => {
    virtualTime(({ link, at, expectStream }) => {
      const large = 'x'.repeat(1_000_000)
      const { server, client } = link(
        { server: () => NEVER },
        // that deadline is of the writing end, and not under test
        { bandwidth: 5_000, client: { timeouts: { stall: false } } },
      )
      at('1s', () => client.send(large))
      expectStream(server.messages.pipe(map(each => String(each).length))).toBe('201002ms n', {
        n: large.length,
      })
      at('200s', () => expect(server.state).toBe('open'))
    })
  })

  test('that does not read is left to the stall deadline', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept(() => concat(of('x'.repeat(100_000)), NEVER), {
        heartbeat: { interval: 1_000, timeout: 2_000 },
        timeouts: { stall: 60_000 },
      })
      peer.stall()
      at('59s', () => expect(connection.state).toBe('open'))
      // 1013 at 60 s, which nobody reads
      expectClose(connection, '65s', {
        code: 1006,
        by: 'local',
        sent: 1013,
        cause: new TimeoutError('stall', 60_000),
      })
    })
  })

  test('that we do not read from is not thought gone', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(undefined, {
        heartbeat: { interval: 1_000, timeout: 2_000 },
        inbox: { bytes: 1 },
      })
      // nobody asks it for a message: reading pauses at the first
      connection[Symbol.asyncIterator]()
      peer.send('a')
      at('1s', () => expect(connection.flow.state).toBe('paused'))
      at('10m', () => expect(connection.state).toBe('open'))
    })
  })
})

describe('interval and timeout', () => {
  const open = (heartbeat: unknown) =>
    virtualTime(({ accept }) => void accept(undefined, { heartbeat: heartbeat as false }), {
      until: 1,
    })

  test.each([Infinity, 2 ** 31, 0, -1, NaN, '5s', null, true, false])('refuse %s', value => {
    for (const option of ['interval', 'timeout']) {
      expect(() => open({ [option]: value })).toThrow(TypeError)
      expect(() => open({ [option]: value })).toThrow(`heartbeat.${option}: `)
    }
  })

  test.each([null, true, 'on', 30_000])('are given in an object, and not as %s', value => {
    expect(() => open(value)).toThrow(TypeError)
    expect(() => open(value)).toThrow('heartbeat: ')
  })

  test('are the only names', () => {
    expect(() => open({ intervall: 1 })).toThrow(
      'heartbeat.intervall is not an option; there are: interval, timeout',
    )
  })

  test('refuse a timeout that no ping comes before', () => {
    expect(() => open({ interval: 5_000, timeout: 5_000 })).toThrow(
      'heartbeat.timeout: 5000 is not more than heartbeat.interval, 5000 ms',
    )
    expect(() => open({ interval: 5_000, timeout: 5_001 })).not.toThrow()
  })

  test.each([
    [{ interval: 120_000 }, '2m 1s'],
    [{ timeout: 10_000 }, '5500ms'],
    [{ interval: 2 ** 31 - 2 }, undefined],
  ])('follow each other: a listening peer stays with %j', (heartbeat, first) => {
    const { alive } = virtualTime(
      ({ accept, at }) => {
        const { peer } = accept(() => NEVER, { heartbeat, random: () => 0.999 })
        if (first) at(first, () => expect(peer.frames.values).toEqual(['ping']))
      },
      { until: '50m' },
    )
    expect(alive).toHaveLength(1)
  })
})
