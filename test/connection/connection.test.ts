import { concat, finalize, map, NEVER, Observable, of, Subject, take } from 'rxjs'
import { describe, expect, test, vi } from 'vitest'
import { ApplicationError, type Close, TimeoutError } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

describe('the states', () => {
  test('go from connecting to open to closing to closed, and complete', () => {
    virtualTime(({ connect, at, expectStream }) => {
      const { connection, peer } = connect(undefined, { opens: '1s' })
      peer.silence()
      at('2s', () => connection.close())
      expectStream(connection.states).toBe('n 999ms o 999ms i 4999ms (d|)', states)
    })
  })

  test('go from open to closed when the peer closes', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept()
      at('2s', () => peer.close(1000))
      expectStream(connection.states).toBe('(no) 1996ms (d|)', states)
    })
  })

  test('are told to a late subscriber from the present one on', () => {
    virtualTime(({ accept, at, expectStream, hot }) => {
      const { connection } = accept()
      const late = new Subject<string>()
      hot('1s x').subscribe(() => connection.states.subscribe(late))
      at('2s', () => connection.close())
      expectStream(late).toBe('1s o 999ms (id|)', states)
      const afterwards = new Subject<string>()
      hot('3s x').subscribe(() => connection.states.subscribe(afterwards))
      expectStream(afterwards).toBe('3s (d|)', states)
    })
  })
})

const states = { n: 'connecting', o: 'open', i: 'closing', d: 'closed' } as const

describe('the end', () => {
  test('is told in order: state, messages, closed, states', () => {
    virtualTime(({ accept, at }) => {
      const order: string[] = []
      const { connection, peer } = accept(
        () => new Observable<string>(() => () => order.push('writer unsubscribed')),
      )
      connection.closed.subscribe({
        next: ({ code }) => order.push(`closed ${code} when ${connection.state}`),
        complete: () => order.push('closed completes'),
      })
      connection.messages.subscribe({
        complete: () => order.push(`messages complete when ${connection.state}`),
      })
      connection.states.subscribe({
        next: state => order.push(state),
        complete: () => order.push('states complete'),
      })
      peer.end()
      at('1s', () =>
        expect(order).toEqual([
          'connecting',
          'open',
          'writer unsubscribed',
          'closed',
          'messages complete when closed',
          'closed 1006 when closed',
          'closed completes',
          'states complete',
        ]),
      )
    })
  })

  test('is one value, the same for early and late subscribers', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept()
      const seen: Close[] = []
      connection.closed.subscribe(close => seen.push(close))
      peer.close(4001, 'bye')
      at('1s', () => {
        connection.close(4002)
        peer.cut()
      })
      at('2s', () => {
        connection.closed.subscribe(close => seen.push(close))
        expect(seen).toHaveLength(2)
        expect(seen[1]).toBe(seen[0])
        expect(seen[0]).toEqual({
          code: 4001,
          reason: 'bye',
          wasClean: true,
          by: 'peer',
          sent: 4001,
          received: 4001,
        })
      })
    })
  })
})

describe('close', () => {
  test('sends the code and the reason, and reports them', () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const { connection, peer } = accept()
      at('1s', () => connection.close(4001, 'enough'))
      expectStream(peer.frames).toBe('1s c', { c: { close: 4001, reason: 'enough' } })
      expectClose(connection, '1s', { code: 4001, reason: 'enough', by: 'local', sent: 4001 })
    })
  })

  test('cuts a reason to 123 bytes, at a character border', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept()
      at('1s', () => connection.close(4001, '€'.repeat(60)))
      expectStream(peer.frames).toBe('1s c', { c: { close: 4001, reason: '€'.repeat(41) } })
    })
  })

  test.each([999, 1004, 1005, 1006, 1015, 2999, 5000, 1.5, NaN])(
    'refuses to send %d, with an error that says what may be sent',
    code => {
      virtualTime(({ accept }) => {
        const { connection } = accept()
        expect(() => connection.close(code)).toThrow(TypeError)
        expect(() => connection.close(code)).toThrow(/may not be sent; 1000–1003, 1007–1014/)
        expect(connection.state).toBe('connecting')
      })
    },
  )

  test('before open ends with 1006 by this side, and nothing was sent', () => {
    virtualTime(({ connect, at, expectStream, expectClose }) => {
      const { connection, peer } = connect(undefined, { opens: '5s' })
      connection.send('never')
      at('1s', () => connection.close(4001))
      expectStream(connection.states).toBe('n 999ms (id|)', states)
      expectStream(peer.frames).toBe('')
      const seen = connection.closed
      expectClose({ closed: seen }, '1s', { code: 1006, by: 'local', wasClean: false })
      at('2s', () => {
        seen.subscribe(close =>
          expect(close).toEqual({ code: 1006, reason: '', wasClean: false, by: 'local' }),
        )
        expect(connection.flow).toMatchObject({ sent: 0, dropped: 1 })
      })
    })
  })

  test('in a handler happens when the handler has returned', () => {
    virtualTime(({ accept, expectStream }) => {
      const order: string[] = []
      const { connection } = accept(({ close, state }) => {
        close()
        order.push(state)
        return NEVER
      })
      expectStream(connection.states).toBe('(noid|)', states)
    })
  })

  test('flushes what is queued before the Close frame', () => {
    virtualTime(({ accept, expectStream, expectClose }) => {
      const big = 'x'.repeat(70_000)
      const { connection, peer } = accept(() => of(big, big, 'last'), {
        wire: { bandwidth: 70_010 },
      })
      expectStream(peer.frames).toBe('1s b 999ms b (lc)', {
        b: { text: big },
        l: { text: 'last' },
        c: { close: 1000, reason: '' },
      })
      expectClose(connection, '2002ms', { code: 1000, wasClean: true })
    })
  })

  test.each([1008, 1011, 1013])('with %d drops what is queued, and counts it', code => {
    virtualTime(({ accept, at, expectClose }) => {
      const big = 'x'.repeat(70_000)
      const { connection } = accept(() => concat(of(big, big, big), NEVER), {
        wire: { bandwidth: 70_010 },
      })
      at('500ms', () => connection.close(code))
      expectClose(connection, '1002ms', { code, sent: code })
      at('2s', () => expect(connection.flow).toMatchObject({ sent: 1, queued: 0, dropped: 2 }))
    })
  })

  test('terminates when flushing and the answer take longer than timeouts.close', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept(() => concat(of('x'.repeat(70_000), 'never'), NEVER), {
        timeouts: { close: 2_000 },
        wire: { bandwidth: 10_000 },
      })
      peer.stall()
      at('1s', () => connection.close())
      expectClose(connection, '3s', {
        code: 1006,
        by: 'local',
        wasClean: false,
        cause: new TimeoutError('close', 2_000),
      })
      at('4s', () => expect(connection.flow).toMatchObject({ queued: 0, dropped: 1 }))
    })
  })
})

describe('deadlines', () => {
  test('a handshake that never completes ends with 1006', () => {
    virtualTime(({ connect, expectStream, expectClose }) => {
      const { connection } = connect(undefined, { opens: false })
      expectStream(connection.states).toBe('n 9999ms (d|)', states)
      expectClose(connection, '10s', {
        code: 1006,
        by: 'network',
        cause: new TimeoutError('handshake', 10_000),
      })
    })
  })

  test('no timer survives its connection', () => {
    virtualTime(({ accept, connect, at }) => {
      const { connection, peer } = accept(() => of('bye'))
      const other = connect(undefined, { opens: false })
      peer.silence()
      at('1s', () => other.connection.close())
      at('20s', () => {
        expect(connection.state).toBe('closed')
        expect(other.connection.state).toBe('closed')
      })
    })
  })
})

describe('endings that nobody asked for', () => {
  test('a refused handshake is by the peer, with its status', () => {
    virtualTime(({ connect, at, expectClose }) => {
      const { connection, peer } = connect(undefined, { opens: false })
      at('1s', () => peer.refuse(503, { 'retry-after': '7' }))
      expectClose(connection, '1s', {
        code: 1006,
        by: 'peer',
        cause: like({ code: 'ERR_HANDSHAKE', status: 503, headers: { 'retry-after': '7' } }),
      })
    })
  })

  test('a server that cannot be reached is the network', () => {
    virtualTime(({ connect, at, expectClose }) => {
      const { connection, peer } = connect(undefined, { opens: false })
      at('1s', () => peer.unreachable())
      expectClose(connection, '1s', { by: 'network', cause: like({ code: 'ERR_HANDSHAKE' }) })
    })
  })

  test('TCP that ends without a Close frame is 1006 by the network', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      at('1s', () => peer.end())
      expectClose(connection, '1s', {
        code: 1006,
        by: 'network',
        wasClean: false,
        cause: like({ code: 'ERR_CONNECTION_LOST' }),
      })
    })
  })

  test('TCP that breaks while closing leaves the ending ours, and says what broke', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      peer.silence()
      at('1s', () => connection.close(4000))
      at('2s', () => peer.cut())
      expectClose(connection, '2s', {
        code: 1006,
        by: 'local',
        sent: 4000,
        cause: like({ code: 'ERR_CONNECTION_LOST' }),
      })
    })
  })

  test.each([1002, 1007, 1008, 1009])(
    'a violation that is answered with %d is ours: 1006 here, sent says what went out',
    code => {
      virtualTime(({ accept, at, expectStream, expectClose }) => {
        const { connection, peer } = accept()
        at('1s', () => peer.violate(code))
        expectStream(peer.frames).toBe('1s c', { c: { close: code, reason: '' } })
        expectClose(connection, '1s', {
          code: 1006,
          by: 'local',
          sent: code,
          cause: like({ code: 'ERR_PROTOCOL', closeCode: code }),
        })
      })
    },
  )

  test('an empty Close frame is 1005 in both directions', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      at('1s', () => peer.close())
      expectClose(connection, '1s', {
        code: 1005,
        by: 'peer',
        sent: 1005,
        received: 1005,
        wasClean: true,
      })
    })
  })
})

describe('the handler', () => {
  test('that throws closes with 1011, and tells the peer nothing', () => {
    virtualTime(({ accept, expectStream, expectClose }) => {
      const failure = new Error('secret')
      const { connection, peer } = accept(() => {
        throw failure
      })
      expectClose(connection, '0s', {
        code: 1011,
        by: 'local',
        cause: new ApplicationError('handler', failure),
      })
      expectStream(peer.frames).toBe('c', { c: { close: 1011, reason: 'internal error' } })
    })
  })

  test.each<[string, () => unknown]>([
    ['a promise', () => Promise.reject(new Error('unseen'))],
    ['a string', () => 'hello'],
    ['null', () => null],
  ])('that returns %s closes with 1011', (kind, returned) => {
    virtualTime(({ accept, expectClose }) => {
      const { connection } = accept(() => returned() as undefined)
      expectClose(connection, '0s', {
        code: 1011,
        cause: like({
          where: 'handler',
          cause: like({
            name: 'TypeError',
            message: `A handler returns an Observable, an AsyncIterable or nothing, not ${kind}`,
          }),
        }),
      })
    })
  })

  test('gets a connection that can be taken apart', () => {
    virtualTime(({ accept, expectStream }) => {
      const { peer } = accept(({ messages, read, send, close }) => {
        read(message => {
          if (message === 'x') close(4000)
          else send(message)
        })
        return messages
      })
      peer.sends('1s a 1s x')
      expectStream(peer.frames).toBe('1s (aa) 997ms c', {
        a: { text: 'a' },
        c: { close: 4000, reason: '' },
      })
    })
  })
})

describe('an actor that dies', () => {
  test('ends its connection with 1006, and no other', () => {
    const { alive } = virtualTime(({ accept, at, expectClose, expectStream }) => {
      const { connection } = accept()
      accept()
      at('1s', () => {
        // what a bug of ours would look like: an event whose action throws
        Object.defineProperty(connection.actor, 'logic', {
          value: {
            transition() {
              throw new Error('bug')
            },
          },
        })
        connection.close()
      })
      expectClose(connection, '1s', {
        code: 1006,
        by: 'network',
        cause: like({ cause: new Error('bug') }),
      })
      expectStream(connection.messages).toBe('1s |')
    })
    expect(alive).toHaveLength(1)
  })
})

describe('user code that throws where RxJS does not catch it', () => {
  const failure = new Error('cannot clean up')
  const throwing = <T>() =>
    finalize<T>(() => {
      throw failure
    })

  test('a teardown of the writer is reported, and keeps neither the Close frame back nor the end', () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const reported = vi.spyOn(console, 'error').mockReturnValue()
      const { connection, peer } = accept(() => NEVER.pipe(throwing()))
      at('1s', () => connection.close(4000))
      expectStream(peer.frames).toBe('1s c', { c: { close: 4000, reason: '' } })
      expectClose(connection, '1s', { code: 4000, wasClean: true })
      at('2s', () => {
        expect(reported).toHaveBeenCalledExactlyOnceWith(
          expect.objectContaining({ errors: [failure] }),
        )
        reported.mockRestore()
      })
    })
  })

  test('a teardown behind messages does not keep anybody from the end', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const reported = vi.spyOn(console, 'error').mockReturnValue()
      const { connection, peer } = accept()
      connection.messages.pipe(throwing()).subscribe()
      connection.states.pipe(throwing()).subscribe()
      connection.closed.pipe(throwing()).subscribe()
      at('1s', () => peer.close(1000))
      expectStream(connection.messages).toBe('1s |')
      expectStream(connection.states).toBe('(no) 996ms (d|)', states)
      expectStream(connection.closed.pipe(map(({ code }) => code))).toBe('1s (c|)', { c: 1000 })
      at('2s', () => {
        expect(reported).toHaveBeenCalledTimes(3)
        reported.mockRestore()
      })
    })
  })

  test('a teardown behind a message does not keep the others from it', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept()
      connection.messages.pipe(take(1), throwing()).subscribe()
      expectStream(connection.messages).toBe('1s a 1s b')
      peer.sends('1s a 1s b')
    })
  })
})
