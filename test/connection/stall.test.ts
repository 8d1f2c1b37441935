import { concat, ignoreElements, NEVER, of, timer } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { TimeoutError } from 'rivulet'
import { virtualTime } from 'rivulet/testing'

const plug = 'x'.repeat(70_000)
// by then the peer has stalled, in the same ms
const delayed = timer(0).pipe(ignoreElements())

describe('a stall', () => {
  test('ends with 1013 after timeouts.stall, and 1006 at a peer that never reads', () => {
    virtualTime(({ accept, at, expectClose, expectStream }) => {
      const { connection, peer } = accept(() => concat(delayed, of(plug, 'a'), NEVER))
      peer.stall()
      expectStream(connection.states).toBe('(no) 29996ms i 4999ms (d|)', states)
      // the Close frame waits behind the plug until timeouts.close
      expectClose(connection, '35s', {
        code: 1006,
        by: 'local',
        wasClean: false,
        cause: new TimeoutError('stall', 30_000),
      })
      expectStream(peer.frames).toBe('')
      at('36s', () => {
        connection.closed.subscribe(({ sent, received }) => {
          expect(sent).toBe(1013)
          expect(received).toBeUndefined()
        })
        expect(connection.flow.snapshot()).toMatchObject({ sent: 1, queued: 0, dropped: 1 })
      })
    })
  })

  test('ends cleanly when the peer reads on just behind it', () => {
    virtualTime(({ accept, at, expectClose, expectStream }) => {
      const { connection, peer } = accept(() => concat(delayed, of(plug, 'a'), NEVER))
      peer.stall()
      at('32s', () => peer.resume())
      expectStream(peer.frames).toBe('32s (pc)', {
        p: { text: plug },
        c: { close: 1013, reason: 'too slow' },
      })
      expectClose(connection, '32s', {
        code: 1013,
        sent: 1013,
        received: 1013,
        by: 'local',
        wasClean: true,
        cause: new TimeoutError('stall', 30_000),
      })
    })
  })

  test('needs nothing to wait but what the socket has', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept(() => concat(delayed, of(plug), NEVER))
      peer.stall()
      expectStream(connection.states).toBe('(no) 29996ms i 4999ms (d|)', states)
    })
  })

  test('is not for what the socket took without backing up', () => {
    const { alive } = virtualTime(({ accept }) => {
      const { peer } = accept(() => concat(delayed, of('x'.repeat(60_000)), NEVER), {
        heartbeat: false,
      })
      peer.stall()
    })
    expect(alive).toHaveLength(1)
  })

  // It looks ten times a stall: what moved is seen up to a tenth later than it did.
  test.each([
    [1, 33_000],
    [2_999, 33_000],
    [3_001, 36_000],
  ])('counts from where the last progress was seen: at %d ms, so it ends at %d', (last, end) => {
    virtualTime(({ accept, at, expectStream }) => {
      // the first one is under way when the peer stalls, and takes so long
      const { connection, peer } = accept(() => concat(of(plug, plug), NEVER), {
        wire: { bandwidth: (70_010 / last) * 1_000 },
      })
      at(0.5, () => peer.stall())
      expectStream(connection.states).toBe(`(no) ${end - 4}ms i 4999ms (d|)`, states)
    })
  })

  test('starts anew each time the socket backs up', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept()
      peer.stall()
      at('1s', () => connection.send(plug))
      at('30s', () => peer.resume())
      at('31s', () => expect(connection.flow.state).toBe('flowing'))
      at('32s', () => peer.stall())
      at('40s', () => connection.send(plug))
      expectStream(connection.states).toBe('(no) 69996ms i 4999ms (d|)', states)
    })
  })

  test('is of a length that can be chosen', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept(() => concat(delayed, of(plug), NEVER), {
        timeouts: { stall: 1_000, close: 100 },
      })
      peer.stall()
      expectStream(connection.states).toBe('(no) 996ms i 99ms (d|)', states)
    })
  })

  test('can be off', () => {
    const { alive } = virtualTime(({ accept }) => {
      const { peer } = accept(() => concat(delayed, of(plug, 'a'), NEVER), {
        timeouts: { stall: false },
      })
      peer.stall()
    })
    expect(alive).toHaveLength(1)
  })

  test('leaves a slow link alone for as long as it makes progress', () => {
    virtualTime(
      ({ accept, at }) => {
        const { connection, peer } = accept(
          () => concat(delayed, of(...Array.from({ length: 2_000 }, () => 'y'.repeat(996))), NEVER),
          { wire: { bandwidth: 1_000 }, timeouts: { stall: 10_000 }, outbox: { bytes: 2 ** 22 } },
        )
        at('1000500ms', () => {
          expect(connection.state).toBe('open')
          expect(peer.received.values).toHaveLength(1_000)
        })
        at('2001s', () => {
          expect(peer.received.values).toHaveLength(2_000)
          expect(connection.flow.state).toBe('flowing')
        })
      },
      { until: '1h' },
    )
  })

  test('is seen while reading is paused as well', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(({ messages }) => messages)
      peer.stall()
      peer.sends('1s p', { p: plug })
      at('2s', () => expect(connection.flow.state).toBe('backed up'))
      expectStream(connection.states).toBe('(no) 30996ms i 4999ms (d|)', states)
    })
  })

  test('ends a connection that is closing too, when timeouts.close is off', () => {
    const { alive } = virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(() => concat(delayed, of(plug, 'a'), NEVER), {
        timeouts: { close: false },
      })
      peer.stall()
      at('1s', () => connection.close())
    })
    expect(alive).toHaveLength(0)
  })
})

describe('the option', () => {
  test.each([0, -1, Infinity, 2 ** 31, '5s'])('refuses %s', stall => {
    expect(() =>
      virtualTime(({ accept }) => void accept(undefined, { timeouts: { stall: stall as number } })),
    ).toThrow('timeouts.stall')
  })
})

const states = { n: 'connecting', o: 'open', i: 'closing', d: 'closed' } as const
