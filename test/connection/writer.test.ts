import { concat, EMPTY, interval, map, NEVER, Observable, of, range, throwError, timer } from 'rxjs'
import { expect, test } from 'vitest'
import { ApplicationError, text } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

const hello = () => interval(5_000).pipe(map(() => 'hello'))

test('says hello five seconds after open, and every five seconds from then on', () => {
  virtualTime(
    ({ accept, expectStream }) => {
      const { peer } = accept(hello)
      expectStream(peer.received).toBe('5s a 4999ms a 4999ms a', { a: 'hello' })
    },
    { until: '19s' },
  )
})

test('closes with 1000 when the writer completes, behind its last message', () => {
  virtualTime(({ accept, expectStream, expectClose }) => {
    const { connection, peer } = accept(() => of('a', 'b'))
    expectStream(peer.frames).toBe('(abc)', {
      a: { text: 'a' },
      b: { text: 'b' },
      c: { close: 1000, reason: '' },
    })
    expectClose(connection, '0s', {
      code: 1000,
      by: 'local',
      sent: 1000,
      received: 1000,
      wasClean: true,
    })
  })
})

test('closes with 1000 at once when the writer is empty', () => {
  virtualTime(({ accept, expectClose }) => {
    expectClose(accept(() => EMPTY).connection, '0s', { code: 1000, by: 'local' })
  })
})

test('closes with 1011 when the writer errors, and says so in the cause alone', () => {
  virtualTime(({ accept, expectStream, expectClose }) => {
    const failure = new Error('secret: no database')
    const { connection, peer } = accept(() =>
      concat(
        timer(2_000).pipe(map(each => `${each}`)),
        throwError(() => failure),
      ),
    )
    expectClose(connection, '2s', {
      code: 1011,
      sent: 1011,
      by: 'local',
      cause: new ApplicationError('writer', failure),
    })
    expectStream(peer.frames).toBe('2s (xc)', {
      x: { text: '0' },
      c: { close: 1011, reason: 'internal error' },
    })
  })
})

test('closes with 1011 when a value cannot be encoded', () => {
  virtualTime(({ accept, expectClose }) => {
    const { connection } = accept(() => of(1 as unknown as string), { codec: text })
    expectClose(connection, '0s', {
      code: 1011,
      cause: like({ code: 'ERR_CODEC', message: 'A text message is a string, not a number' }),
    })
  })
})

test('only reads when the handler returns nothing', () => {
  const { alive } = virtualTime(({ accept, expectStream }) => {
    const { peer } = accept(() => undefined)
    expectStream(peer.received).toBe('')
  })
  expect(alive).toHaveLength(1)
})

test('unsubscribes the writer when the peer closes, before the state is told', () => {
  virtualTime(({ accept, at }) => {
    const order: string[] = []
    const { connection, peer } = accept(
      () => new Observable<string>(() => () => order.push('unsubscribed')),
    )
    connection.states.subscribe(state => order.push(state))
    peer.close(1000)
    at('1s', () => expect(order).toEqual(['connecting', 'open', 'unsubscribed', 'closed']))
  })
})

test('unsubscribes the writer on leaving open, not only when the peer has answered', () => {
  virtualTime(({ accept, at }) => {
    let live = false
    const { connection, peer } = accept(
      () =>
        new Observable<string>(() => {
          live = true
          return () => (live = false)
        }),
    )
    peer.silence()
    at('1s', () => expect(live).toBe(true))
    at('2s', () => {
      connection.close()
      expect(connection.state).toBe('closing')
      expect(live).toBe(false)
    })
  })
})

test('does not subscribe the writer of a handler that has closed the connection', () => {
  virtualTime(({ accept, expectStream, expectClose }) => {
    const { connection, peer } = accept(({ close }) => {
      close(4000)
      return of('never')
    })
    expectStream(peer.received).toBe('')
    expectClose(connection, '0s', { code: 4000, by: 'local' })
  })
})

test('stops an endless source that never lets go of the turn, with 1013', () => {
  virtualTime(({ accept, expectClose }) => {
    const { connection } = accept(() => range(0, Infinity).pipe(map(each => `${each}`)), {
      outbox: { messages: 100 },
      wire: { bandwidth: 65_564 },
    })
    expectClose(connection, '1001ms', { code: 1013, sent: 1013, by: 'local' })
  })
})

test('sends what was sent before open first, then what the handler sends, then the writer', () => {
  virtualTime(({ connect, expectStream }) => {
    const { connection, peer } = connect(
      ({ send }) => {
        send('b')
        return concat(of('c'), NEVER)
      },
      { opens: '3s' },
    )
    connection.send('a')
    expectStream(peer.received).toBe('3s (abc)')
  })
})

test('send says false and counts once the connection is leaving', () => {
  virtualTime(({ accept, at }) => {
    const { connection, peer } = accept()
    peer.silence()
    at('1s', () => {
      expect(connection.send('taken')).toBe(true)
      connection.close()
      expect(connection.send('refused')).toBe(false)
    })
    at('10s', () => {
      expect(connection.state).toBe('closed')
      expect(connection.send('refused')).toBe(false)
      expect(connection.flow).toMatchObject({ sent: 1, refused: 2, dropped: 0 })
    })
  })
})

test('counts what the socket swallows behind the Close frame of a peer that never ends TCP', () => {
  virtualTime(({ accept, at, expectClose }) => {
    const { connection, peer } = accept(hello, { timeouts: { close: 7_000 } })
    peer.close(1000)
    peer.silence()
    at('6s', () => expect(connection.flow).toMatchObject({ sent: 0, refused: 1 }))
    expectClose(connection, '7s', { code: 1000, by: 'peer' })
  })
})
