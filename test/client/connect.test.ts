import {
  concat,
  ignoreElements,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  switchMap,
  take,
  timer,
} from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Connection, connect, type Dial, type State } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

const url = 'ws://server/'

describe('connect', () => {
  test('does nothing until it is subscribed to, and opens a connection each time', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const server = serve()
        const connections = connect(url, { dial: server.dial })
        const ids = new Set<string>()
        at('1s', () => connections.subscribe(({ id }) => ids.add(id)))
        at('2s', () => connections.subscribe(({ id }) => ids.add(id)))
        at('3s', () => expect(ids.size).toBe(2))
        expectStream(server.handshakes).toBe('1s a 999ms a', { a: '/' })
      },
      { until: '4s' },
    )
  })

  test('emits its connection on subscription, while it is connecting', () => {
    virtualTime(
      ({ serve, expectStream }) => {
        const { dial } = serve(undefined, { wire: { latency: 50 } })
        const seen: State[] = []
        const states = connect(url, { dial }).pipe(
          switchMap(connection => {
            seen.push(connection.state)
            return connection.states
          }),
        )
        expectStream(states).toBe('c 99ms o', { c: 'connecting', o: 'open' })
        expect(seen).toEqual(['connecting'])
      },
      { until: '4s' },
    )
  })

  test('sends what was sent before it was open, then what its handler sends', () => {
    virtualTime(
      ({ serve, expectStream }) => {
        const received = new Subject<unknown>()
        const { dial } = serve(({ read }) => void read(each => received.next(each)))
        connect(url, { dial }, ({ send }) => {
          send('c')
          return concat(of('d'), NEVER)
        }).subscribe(({ send }) => {
          send('a')
          send('b')
        })
        expectStream(received).toBe('(abcd)')
      },
      { until: '4s' },
    )
  })

  test('calls the handler once it is open, with what is known of the answer', () => {
    virtualTime(
      ({ serve, at }) => {
        const { dial } = serve(undefined, { wire: { latency: 50 } })
        const calls: unknown[] = []
        const slow: Dial = (request, answered) =>
          dial(request, () =>
            answered({ protocol: 'chat', headers: { via: 'proxy' }, remoteAddress: '::1' }),
          )
        connect(
          () => timer(100).pipe(map(() => 'http://server/?t=1')),
          { dial: slow },
          each => {
            calls.push([each.state, each.handshake])
          },
        ).subscribe(({ handshake }) => expect(handshake).toMatchObject({ url: '', protocol: '' }))
        at('199ms', () => expect(calls).toEqual([]))
        at('1s', () =>
          expect(calls).toMatchObject([
            [
              'open',
              {
                url: 'ws://server/?t=1',
                protocol: 'chat',
                headers: { via: 'proxy' },
                remoteAddress: '::1',
                origin: undefined,
              },
            ],
          ]),
        )
      },
      { until: '4s' },
    )
  })

  test('unsubscribed from, closes with 1000', () => {
    virtualTime(({ serve, at, expectClose }) => {
      const server = serve()
      const subscription = connect(url, { dial: server.dial }).subscribe()
      at('1s', () => subscription.unsubscribe())
      const closes = server.connections.pipe(switchMap(({ closed }) => closed))
      expectClose({ closed: closes.pipe(take(1)) }, '1s', { code: 1000, by: 'peer' })
    })
  })

  test('unsubscribed from before it is open, ends with 1006 by this side, and sends nothing', () => {
    const { events } = virtualTime(({ serve, at, expectClose }) => {
      const { dial } = serve(undefined, { wire: { latency: 100 } })
      let made: Connection | undefined
      const subscription = connect(url, { dial }).subscribe(each => {
        made = each
        each.send('never')
      })
      at('50ms', () => subscription.unsubscribe())
      if (made) expectClose(made, '50ms', { code: 1006, by: 'local', wasClean: false })
    })
    expect(events).toEqual([])
  })

  test('taken once, is closed, as that ends the subscription, and never dials', () => {
    let dialed = 0
    virtualTime(({ serve, expectStream }) => {
      const { dial } = serve()
      const counting: Dial = (...args) => {
        dialed++
        return dial(...args)
      }
      const connections = connect(url, { dial: counting }).pipe(take(1))
      expectStream(connections.pipe(switchMap(({ states }) => states))).toBe('(cid|)', {
        c: 'connecting',
        i: 'closing',
        d: 'closed',
      })
    })
    expect(dialed).toBe(0)
  })

  test.each<[string, (connection: Connection) => void]>([
    ['close()', each => each.close()],
    ['close(4001)', each => each.close(4001)],
    ['close(1012)', each => each.close(1012)],
  ])('completes when this side called %s', (_, close) => {
    virtualTime(({ serve, at, expectStream }) => {
      const { dial } = serve()
      let made: Connection | undefined
      const connections = connect(url, { dial }).pipe(map(each => void (made = each)))
      expectStream(connections).toBe('u 999ms |', { u: undefined })
      at('1s', () => made && close(made))
    })
  })

  test('completes when its writer does', () => {
    virtualTime(({ serve, expectStream }) => {
      const { dial } = serve()
      expectStream(
        connect(url, { dial }, () => timer(1_000).pipe(map(() => 'late'))).pipe(ignoreElements()),
      ).toBe('1s |')
    })
  })

  test('completes when this side closed it, also where the server never answers', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const { dial } = serve(({ messages }) => messages)
      let made: Connection | undefined
      // what the server says of it does not arrive
      const deaf: Dial = (request, answered) => {
        const socket = dial(request, answered)
        at('1s', () => socket.pause?.())
        return socket
      }
      expectStream(
        connect(url, { dial: deaf }).pipe(
          map(each => void (made = each)),
          ignoreElements(),
        ),
      ).toBe('7s |')
      at('2s', () => made?.close())
    })
  })

  test('completes when the server says 1000', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      expectStream(connect(url, { dial: server.dial }).pipe(ignoreElements())).toBe('1s |')
      at('1s', () => server.close())
    })
  })

  test.each([1001, 1008, 1011, 1012, 1013, 4001])(
    'errors with the Close when the server says %d',
    code => {
      virtualTime(({ serve, at, expectStream }) => {
        const server = serve()
        expectStream(connect(url, { dial: server.dial }).pipe(ignoreElements())).toBe(
          '1s #',
          {},
          like({ code: 'ERR_CLOSED', close: like({ code, reason: 'why', by: 'peer' }) }),
        )
        at('1s', () => server.close(code, 'why'))
      })
    },
  )

  test('errors with the Close when the connection is lost', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve()
      expectStream(connect(url, { dial: server.dial }).pipe(ignoreElements())).toBe(
        '1s #',
        {},
        like({
          code: 'ERR_CLOSED',
          close: like({ code: 1006, by: 'network' }),
          cause: like({ code: 'ERR_CONNECTION_LOST' }),
        }),
      )
      at('1s', () => server.cut())
    })
  })

  test('errors with the Close when this side closed it over an error', () => {
    virtualTime(({ serve, expectStream }) => {
      const { dial } = serve()
      const failing = connect(url, { dial }, () => {
        throw new Error('no coffee')
      })
      expectStream(failing.pipe(ignoreElements())).toBe(
        '#',
        {},
        like({ close: like({ code: 1011, by: 'local' }), cause: like({ where: 'handler' }) }),
      )
    })
  })

  test('errors with the HandshakeError of a server that refuses, or is not there', () => {
    virtualTime(({ serve, at, expectStream }) => {
      const server = serve(undefined, { wire: { latency: 50 } })
      const connections = connect(url, { dial: server.dial }).pipe(ignoreElements())
      server.refuse(401, { 'www-authenticate': 'Basic' })
      expectStream(connections).toBe(
        '100ms #',
        {},
        like({ code: 'ERR_HANDSHAKE', status: 401, headers: { 'www-authenticate': 'Basic' } }),
      )
      at('1s', () => server.down())
      expectStream(timer(2_000).pipe(switchMap(() => connections))).toBe(
        '2100ms #',
        {},
        like({ code: 'ERR_HANDSHAKE', status: undefined }),
      )
    })
  })

  test('errors with the Close of a server that answers no handshake in time', () => {
    virtualTime(({ serve, expectStream }) => {
      const server = serve()
      server.hang()
      expectStream(connect(url, { dial: server.dial }).pipe(ignoreElements())).toBe(
        '10s #',
        {},
        like({ close: like({ code: 1006, cause: like({ timeout: 'handshake' }) }) }),
      )
    })
  })

  test('is told last: after messages, closed and states of its connection', () => {
    const order: string[] = []
    virtualTime(({ serve, at }) => {
      const server = serve()
      const note = (what: string) => () => order.push(what)
      connect(url, { dial: server.dial }).subscribe({
        next: ({ messages, closed, states }) => {
          states.subscribe({ complete: note('states') })
          closed.subscribe({ next: note('closed'), complete: note('closed over') })
          messages.subscribe({ complete: note('messages') })
        },
        error: note('error'),
      })
      at('1s', () => server.close(1001))
    })
    expect(order).toEqual(['messages', 'closed', 'closed over', 'states', 'error'])
  })
})

describe('an address that comes later', () => {
  test('counts for the handshake timeout, and is let go by it', () => {
    virtualTime(({ serve, expectStream }) => {
      const { dial, handshakes } = serve()
      let gone = false
      const late = new Observable<string>(() => () => (gone = true))
      expectStream(
        connect(() => late, { dial, timeouts: { handshake: 2_000 } }).pipe(ignoreElements()),
      ).toBe('2s #', {}, like({ close: like({ cause: like({ timeout: 'handshake' }) }) }))
      expectStream(handshakes).toBe('')
      expectStream(timer(3_000).pipe(map(() => gone))).toBe('3s (t|)', { t: true })
    })
  })

  test('lets what was sent meanwhile wait, and goes where it says', () => {
    virtualTime(
      ({ serve, expectStream }) => {
        const received = new Subject<unknown>()
        const server = serve(({ read }) => void read(each => received.next(each)))
        connect(() => timer(500).pipe(map(() => 'ws://server/path?token=1')), {
          dial: server.dial,
        }).subscribe(({ send }) => expect(send('early')).toBe(true))
        expectStream(server.handshakes).toBe('500ms h', { h: '/path?token=1' })
        expectStream(received).toBe('500ms e', { e: 'early' })
      },
      { until: '2s' },
    )
  })

  test('that fails is a HandshakeError with its cause', () => {
    virtualTime(({ serve, expectStream }) => {
      const { dial } = serve()
      const failed = new Error('no token')
      expectStream(
        connect(
          () => {
            throw failed
          },
          { dial },
        ).pipe(ignoreElements()),
      ).toBe(
        '#',
        {},
        like({
          code: 'ERR_HANDSHAKE',
          cause: failed,
          message: 'The handshake could not begin: no token',
        }),
      )
    })
  })

  test('of a dial that throws is a HandshakeError with its cause', () => {
    virtualTime(({ expectStream }) => {
      const failed = new Error('not from here')
      const dial: Dial = () => {
        throw failed
      }
      expectStream(connect(url, { dial }).pipe(ignoreElements())).toBe(
        '#',
        {},
        like({ cause: failed }),
      )
    })
  })
})
