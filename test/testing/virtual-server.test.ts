import { concat, ignoreElements, map, NEVER, of, Subject, switchMap } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect, type Connection, reconnect } from 'rivulet'
import { like, stage, virtualTime } from 'rivulet/testing'

const url = 'ws://server/path?query'

// #region A server to connect to
test('comes back when the server does', () => {
  virtualTime(
    ({ serve, at, expectStream }) => {
      const server = serve(() => concat(of('hello'), NEVER))
      const random = () => 0.5
      const feed = connect('ws://server/', { dial: server.dial, random }).pipe(
        reconnect({ from: 1_000 }),
        switchMap(connection => connection.messages),
      )
      at('10s', () => server.down())
      at('15s', () => server.up())
      // half of 1, 2, 4 and 8 s
      expectStream(feed).toBe('h 17499ms h', { h: 'hello' })
    },
    { until: '1m' },
  )
})
// #endregion

describe('a virtual server', () => {
  test('takes as many clients as come, and each talks to a connection of its own', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve(({ messages }) => messages.pipe(map(each => `${String(each)}!`)))
        const said = new Subject<unknown>()
        for (const name of ['a', 'b']) {
          connect(url, { dial: server.dial }, () => of(name)).subscribe(({ messages }) =>
            messages.subscribe(said),
          )
        }
        at('1s', () => expect(server.handshakes.values).toEqual(['/path?query', '/path?query']))
        expectStream(server.connections.pipe(map(({ id }) => id))).toBe('(ab)', {
          a: 'server-1',
          b: 'server-2',
        })
      },
      { until: '2s' },
    )
  })

  test('tells its handlers where they were called, and with which headers', () => {
    virtualTime(({ serve, at }) => {
      let made: Connection | undefined
      const server = serve(connection => {
        made = connection
      })
      connect(url, { dial: server.dial, headers: { Authorization: 'Bearer 1' } }).subscribe()
      at('1s', () =>
        expect(made?.handshake).toMatchObject({
          url: '/path?query',
          headers: { authorization: 'Bearer 1' },
        }),
      )
    })
  })

  test('is as far away as its wire says', () => {
    virtualTime(
      ({ serve, expectStream }) => {
        const server = serve(() => of('hello'), { wire: { latency: 100 } })
        const messages = connect(url, { dial: server.dial }).pipe(
          switchMap(connection => connection.messages),
        )
        expectStream(server.handshakes).toBe('100ms h', { h: '/path?query' })
        // the greeting is right behind the answer
        expectStream(messages).toBe('200ms a 199ms |', { a: 'hello' })
      },
      { until: '2s' },
    )
  })

  test('that is down is not there, and resets who was connected', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      const connections = connect(url, { dial: server.dial }).pipe(ignoreElements())
      at('1s', () => server.down())
      expectStream(connections).toBe('1s #', {}, like({ close: like({ code: 1006 }) }))
      const later = new Subject<never>()
      at('2s', () => connections.subscribe(later))
      expectStream(later).toBe('2s #', {}, like({ message: 'connect ECONNREFUSED' }))
    })
  })

  test('that refuses, or hangs, leaves who is connected alone', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve()
        expectStream(connect(url, { dial: server.dial }).pipe(ignoreElements())).toBe('')
        at('1s', () => server.refuse(503, { 'retry-after': '1' }))
        const refused = new Subject<never>()
        at('2s', () =>
          connect(url, { dial: server.dial }).pipe(ignoreElements()).subscribe(refused),
        )
        expectStream(refused).toBe(
          '2s #',
          {},
          like({ status: 503, headers: { 'retry-after': '1' } }),
        )
        at('3s', () => server.hang())
        const ignored = new Subject<never>()
        at('4s', () =>
          connect(url, { dial: server.dial }).pipe(ignoreElements()).subscribe(ignored),
        )
        expectStream(ignored).toBe('14s #', {}, like({ cause: like({ timeout: 'handshake' }) }))
        at('15s', () => server.up())
        at('16s', () => connect(url, { dial: server.dial }).subscribe())
        at('17s', () => expect(server.handshakes.values).toHaveLength(4))
      },
      { until: '20s' },
    )
  })

  test('closes all with a code, or cuts them off, and stays', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve(() => NEVER)
        const connections = connect(url, { dial: server.dial }).pipe(ignoreElements())
        at('1s', () => server.close(4001, 'bye'))
        expectStream(connections).toBe(
          '1s #',
          {},
          like({ close: like({ code: 4001, reason: 'bye' }) }),
        )
        const second = new Subject<never>()
        at('2s', () => connections.subscribe(second))
        at('3s', () => server.cut())
        expectStream(second).toBe('3s #', {}, like({ close: like({ code: 1006 }) }))
      },
      { until: '10s' },
    )
  })

  test('has its ends in the log, and among those that live when the run ends', () => {
    const { alive, events } = virtualTime(
      ({ serve }) => {
        // an error that nobody catches would fail the run: its end is none
        connect(url, { dial: serve(() => of('hi'), {}).dial }, () => NEVER).subscribe()
        connect(url, { dial: serve(() => NEVER).dial }).subscribe()
      },
      { until: '1s' },
    )
    expect(alive).toHaveLength(1)
    expect(events).toContain('0s server-1 ▶ text "hi"')
  })

  test('refuses options that it has not', () => {
    virtualTime(({ serve }) => {
      expect(() => serve(undefined, { latency: 5 } as object)).toThrow(
        /^serve: options\.latency is not an option/,
      )
      expect(() => serve(undefined, { wire: { speed: 5 } as object })).toThrow(
        /^serve: wire\.speed/,
      )
    })
  })

  test('stands on a stage, too', async () => {
    const { serve, close } = stage()
    const server = serve(() => of('hello'))
    const came = new Promise(resolve => {
      connect(url, { dial: server.dial })
        .pipe(switchMap(({ messages }) => messages))
        .subscribe(resolve)
    })
    expect(await came).toBe('hello')
    close()
  })
})
