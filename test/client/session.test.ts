import { BehaviorSubject, concat, config, map, merge, NEVER, of, switchMap, take } from 'rxjs'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Close,
  type Connection,
  type Phase,
  session,
  type Session,
  type SessionOptions,
  text,
} from 'rivulet'
import { like, type VirtualTime, virtualTime } from 'rivulet/testing'

const url = 'ws://server/'
// every wait is the most that it may be
const random = () => 1 - 2 ** -40

afterEach(() => {
  config.onUnhandledError = null
})

/** A phase in a word. */
const word = (phase: Phase) =>
  phase.name === 'connecting'
    ? `connecting ${phase.attempt}`
    : phase.name === 'waiting'
      ? `waiting until ${phase.until}`
      : phase.name

/** A session with a server that keeps all it is sent, in order of arrival. */
function staged(
  { serve }: VirtualTime,
  options: SessionOptions<string, string> = {},
  handler?: (connection: Connection<string, string>) => void,
) {
  const received: string[] = []
  const server = serve<string>(({ read }) => void read(each => received.push(each)), {
    codec: text,
  })
  const made = session<string>(url, { dial: server.dial, random, codec: text, ...options }, each =>
    handler?.(each),
  )
  const phases: string[] = []
  made.phases.subscribe({ next: each => phases.push(word(each)), complete: () => phases.push('|') })
  return { server, received, made, phases }
}

describe('the phases of a session', () => {
  test('go from connecting to open, and over waiting to the next connection', () => {
    virtualTime(
      time => {
        const { server, phases, made } = staged(time)
        time.at('1s', () => server.down())
        time.at('2s', () => server.up())
        time.at('3s', () => {
          expect(phases).toEqual([
            'connecting 1',
            'open',
            'waiting until 1250',
            'connecting 2',
            'waiting until 1750',
            'connecting 3',
            'waiting until 2750',
            'connecting 4',
            'open',
          ])
          expect(made.phase).toEqual({ name: 'open' })
        })
      },
      { until: '4s' },
    )
  })

  test('count attempts anew when a connection was stable', () => {
    virtualTime(
      time => {
        const { server, phases } = staged(time)
        time.at('1s', () => server.cut())
        time.at('20s', () => server.cut())
        time.at('30s', () =>
          expect(phases.filter(each => each.startsWith('connecting'))).toEqual([
            'connecting 1',
            'connecting 2',
            'connecting 1',
          ]),
        )
      },
      { until: '31s' },
    )
  })

  test('say why they wait', () => {
    virtualTime(
      time => {
        const { server, made } = staged(time)
        time.at('1s', () => server.close(1013, 'too many'))
        time.at('2s', () =>
          expect(made.phase).toMatchObject({
            name: 'waiting',
            until: 31_000,
            close: { code: 1013, reason: 'too many', by: 'peer' },
          }),
        )
      },
      { until: '3s' },
    )
  })

  test('say that there is no network, and until when it waits when there is one', () => {
    virtualTime(
      time => {
        const online = new BehaviorSubject(true)
        const { server, phases } = staged(time, { reconnect: { online } })
        time.at('1s', () => {
          online.next(false)
          server.cut()
        })
        time.at('9s', () => online.next(true))
        time.at('10s', () =>
          expect(phases).toEqual([
            'connecting 1',
            'open',
            'offline',
            'waiting until 9000',
            'connecting 2',
            'open',
          ]),
        )
      },
      { until: '11s' },
    )
  })

  test('end with closed when this side closes it', () => {
    virtualTime(time => {
      const { phases, made, server } = staged(time)
      time.at('1s', () => made.close(4000, 'enough'))
      time.at('2s', () => {
        expect(phases).toEqual(['connecting 1', 'open', 'closing', 'closed', '|'])
        expect(made.phase).toMatchObject({ name: 'closed', close: { code: 4000, by: 'local' } })
        expect(server.handshakes.values).toHaveLength(1)
      })
      time.expectClose(made, '1s', { code: 4000, reason: 'enough', by: 'local' })
    })
  })

  test('end with closed when the server is done', () => {
    virtualTime(time => {
      const { phases, made, server } = staged(time)
      time.at('1s', () => server.close(1000))
      time.at('2s', () => expect(phases).toEqual(['connecting 1', 'open', 'closed', '|']))
      time.expectClose(made, '1s', { code: 1000, by: 'peer' })
    })
  })

  test('end with gave up where trying again can not help', () => {
    virtualTime(time => {
      const { phases, made, server } = staged(time)
      server.refuse(401)
      time.at('1s', () => expect(phases).toEqual(['connecting 1', 'gave up', '|']))
      time.expectClose(made, '0s', { code: 1006, by: 'peer', cause: like({ status: 401 }) })
    })
  })

  test('end with gave up after maxAttempts', () => {
    virtualTime(time => {
      const { phases, server } = staged(time, { reconnect: { maxAttempts: 2 } })
      server.down()
      time.at('1s', () => expect(phases.slice(-3)).toEqual(['connecting 2', 'gave up', '|']))
    })
  })

  test('are told to who comes late, and the ending, too', () => {
    virtualTime(time => {
      const { made } = staged(time)
      time.at('1s', () => made.close())
      time.at('2s', () => {
        const seen: unknown[] = []
        const note = { next: (each: unknown) => seen.push(each), complete: () => seen.push('|') }
        made.phases.pipe(map(word)).subscribe(note)
        made.closed.pipe(map(({ code }: Close) => code)).subscribe(note)
        made.messages.subscribe(note)
        made.opened.subscribe(note)
        expect(seen).toEqual(['closed', '|', 1000, '|', '|', '|'])
      })
    })
  })

  test('end with gave up when mayReconnect throws, and that is reported', () => {
    const reported: unknown[] = []
    config.onUnhandledError = error => reported.push(error)
    virtualTime(time => {
      const bad = new Error('bad')
      const { phases, server } = staged(time, {
        reconnect: {
          mayReconnect() {
            throw bad
          },
        },
      })
      time.at('1s', () => server.cut())
      time.at('2s', () => {
        expect(phases.slice(-2)).toEqual(['gave up', '|'])
        expect(reported).toEqual([bad])
      })
    })
  })
})

describe('closing a session', () => {
  test('before it is open ends it with 1006 by this side', () => {
    virtualTime(time => {
      const { made, phases, server } = staged(time)
      server.hang()
      time.at('1s', () => made.close())
      time.at('2s', () => expect(phases).toEqual(['connecting 1', 'closing', 'closed', '|']))
      time.expectClose(made, '1s', { code: 1006, by: 'local' })
    })
  })

  test('while it waits ends it at once, and nothing is tried any more', () => {
    virtualTime(time => {
      const { made, phases, server } = staged(time)
      time.at('1s', () => server.cut())
      time.at('1100ms', () => made.close())
      time.at('1200ms', () => expect(phases.slice(-2)).toEqual(['closed', '|']))
      time.expectStream(server.handshakes).toBe('h', { h: '/' })
      time.expectClose(made, '1100ms', { code: 1006, by: 'local', wasClean: false })
    })
  })

  test('counts, though the connection is lost meanwhile', () => {
    virtualTime(time => {
      const { made, phases, server } = staged(time)
      time.at('1s', () => {
        server.cut()
        made.close()
      })
      time.at('20s', () => expect(phases.slice(-2)).toEqual(['closed', '|']))
      time.expectStream(server.handshakes).toBe('h', { h: '/' })
    })
  })

  test('counts, though the connection was closing already, and would have been tried again', () => {
    virtualTime(({ serve, at, expectClose, expectStream }) => {
      const server = serve(undefined, { wire: { latency: 500 } })
      const made = session(url, { dial: server.dial, timeouts: { lifetime: 5_000 } })
      at('5s', () => expect(made.phase.name).toBe('open'))
      // its 1012 is on its way
      at('6200ms', () => made.close())
      expectClose(made, '7s', { code: 1012, by: 'local' })
      expectStream(server.handshakes).toBe('500ms h', { h: '/' })
    })
  })

  test('twice changes nothing; with a code that may not be sent it throws', () => {
    virtualTime(time => {
      const { made } = staged(time)
      expect(() => made.close(1006)).toThrow(TypeError)
      time.at('1s', () => {
        made.close(4001)
        made.close(4002)
      })
      time.expectClose(made, '1s', { code: 4001 })
    })
  })

  test('from a subscriber of its first phase is closing it, too', () => {
    virtualTime(({ serve, expectClose, expectStream }) => {
      const server = serve()
      const made = session(url, { dial: server.dial })
      made.phases.pipe(take(1)).subscribe(() => made.close())
      expectClose(made, '0s', { code: 1006, by: 'local' })
      expectStream(server.handshakes).toBe('')
    })
  })
})

describe('the messages of a session', () => {
  test('are those of all its connections, as one stream', () => {
    virtualTime(({ serve, at, expectStream }) => {
      let count = 0
      const server = serve<string>(() => concat(of(`greeting ${++count}`), NEVER), { codec: text })
      const made = session<string>(url, { dial: server.dial, random, codec: text })
      at('1s', () => server.cut())
      at('3s', () => made.close())
      const values = { a: 'greeting 1', b: 'greeting 2' }
      expectStream(made.messages).toBe('a 1249ms b 1749ms |', values)
      // one who comes late gets what comes then
      at('2s', () => expect(count).toBe(2))
    })
  })

  test('are read by read, and what that throws closes this connection with 1011', () => {
    virtualTime(
      ({ serve, at, expectStream }) => {
        const closes: number[] = []
        const server = serve<string>(
          ({ closed }) => {
            closed.subscribe(({ code }) => closes.push(code))
            return concat(of('a'), NEVER)
          },
          { codec: text },
        )
        const made = session<string>(url, { dial: server.dial, random, codec: text })
        let count = 0
        made.read(() => {
          if (++count === 1) throw new Error('no room')
        })
        at('1s', () => {
          expect(closes).toEqual([1011])
          expect(count).toBe(2)
          expect(made.phase.name).toBe('open')
        })
        expectStream(server.handshakes).toBe('h 249ms h', { h: '/' })
      },
      { until: '2s' },
    )
  })

  test('are read no more when the subscription of read is let go', () => {
    virtualTime(
      ({ serve, at }) => {
        const server = serve<string>(({ messages }) => messages, { codec: text })
        const made = session<string>(url, { dial: server.dial, codec: text })
        const got: string[] = []
        const subscription = made.read(each => got.push(each))
        at('1s', () => made.send('a'))
        at('2s', () => {
          subscription.unsubscribe()
          made.send('b')
        })
        at('3s', () => expect(got).toEqual(['a']))
      },
      { until: '4s' },
    )
  })
})

describe('what a session sends', () => {
  test('goes to the open connection; without one it is refused, and counted', () => {
    virtualTime(
      time => {
        const { made, server, received } = staged(time)
        expect(made.send('connecting')).toBe(false)
        time.at('1s', () => {
          expect(made.send('open')).toBe(true)
        })
        time.at('2s', () => server.cut())
        time.at('2100ms', () => {
          expect(made.send('waiting')).toBe(false)
        })
        time.at('3s', () => {
          expect(received).toEqual(['open'])
          expect(made.backlog).toMatchObject({ messages: 0, refused: 2, dropped: 0 })
          made.close()
          expect(made.send('closing')).toBe(false)
        })
        time.at('4s', () => {
          expect(made.send('closed')).toBe(false)
          expect(made.backlog.refused).toBe(4)
        })
      },
      { until: '5s' },
    )
  })

  test('with a backlog waits for the connection: first, the backlog, what opened asks, the handler', () => {
    virtualTime(
      time => {
        let count = 0
        const { made, server, received } = staged(
          time,
          { backlog: {}, first: () => [`first ${++count}`] },
          ({ send }) => void send('handler'),
        )
        made.opened.subscribe(({ send }) => void send('opened'))
        made.phases.subscribe(({ name }) => name === 'open' && made.send('phase'))
        expect(made.send('one')).toBe(true)
        expect(made.send('two')).toBe(true)
        expect(made.backlog).toMatchObject({ messages: 2, bytes: 10 })
        time.at('1s', () => {
          expect(received).toEqual(['first 1', 'one', 'two', 'phase', 'opened', 'handler'])
          expect(made.backlog).toMatchObject({ messages: 0, bytes: 0, refused: 0, dropped: 0 })
          server.cut()
        })
        time.at('1100ms', () => made.send('three'))
        time.at('2s', () =>
          expect(received.slice(6)).toEqual(['first 2', 'three', 'phase', 'opened', 'handler']),
        )
      },
      { until: '3s' },
    )
  })

  test('is at most so many messages, and so many bytes', () => {
    virtualTime(
      time => {
        const { made, received } = staged(time, { backlog: { messages: 3, bytes: 100 } })
        expect(made.send('x'.repeat(90))).toBe(true)
        expect(made.send('x'.repeat(20))).toBe(false)
        expect(made.send('a')).toBe(true)
        expect(made.send('b')).toBe(true)
        expect(made.send('c')).toBe(false)
        expect(made.backlog).toMatchObject({ messages: 3, refused: 2 })
        time.at('1s', () => expect(received.map(({ length }) => length)).toEqual([90, 1, 1]))
      },
      { until: '2s' },
    )
  })

  test('is as it was when it was sent', () => {
    virtualTime(
      ({ serve, expectStream }) => {
        const server = serve(({ messages }) => messages)
        const made = session(url, { dial: server.dial, backlog: {} })
        const bytes = Uint8Array.of(1)
        made.send(bytes)
        bytes[0] = 2
        expectStream(made.messages).toBe('a', { a: Uint8Array.of(1) })
      },
      { until: '2s' },
    )
  })

  test('that waits when the session ends is dropped, and counted', () => {
    virtualTime(time => {
      const { made, server } = staged(time, { backlog: {} })
      server.hang()
      made.send('a')
      made.send('b')
      time.at('1s', () => made.close())
      time.at('2s', () => expect(made.backlog).toMatchObject({ messages: 0, dropped: 2 }))
    })
  })

  test('that can not be encoded while it waits is refused, and reported', () => {
    const reported: unknown[] = []
    config.onUnhandledError = error => reported.push(error)
    virtualTime(time => {
      const { made } = staged(time, { backlog: {} })
      expect(made.send(5 as never)).toBe(false)
      expect(made.backlog).toMatchObject({ messages: 0, refused: 1 })
    })
    expect(reported).toMatchObject([{ code: 'ERR_CODEC' }])
  })

  test('first, when making it throws, closes the connection with 1011', () => {
    virtualTime(time => {
      const { made } = staged(time, {
        first() {
          throw new Error('who am I?')
        },
        reconnect: { maxAttempts: 1 },
      })
      time.expectClose(made, '0s', {
        code: 1011,
        by: 'local',
        cause: like({ where: 'handler' }),
      })
    })
  })

  test('by a writer that completes ends the session', () => {
    virtualTime(({ serve, expectClose }) => {
      const server = serve()
      const made = session(url, { dial: server.dial }, () => of('that is all'))
      expectClose(made, '0s', { code: 1000, by: 'local' })
    })
  })
})

describe('multiplex', () => {
  /** A server that counts for whoever has subscribed to a channel, every second. */
  function channels({ serve }: VirtualTime) {
    const asked: string[] = []
    const server = serve<string>(
      ({ messages }) =>
        messages.pipe(
          switchMap(each => {
            asked.push(each)
            return each.startsWith('+') ? of(`${each.slice(1)} 1`, `other 1`) : NEVER
          }),
        ),
      { codec: text },
    )
    const made: Session<string> = session<string>(url, { dial: server.dial, random, codec: text })
    const channel = (name: string) =>
      made.multiplex(
        () => `+${name}`,
        () => `-${name}`,
        (each): each is `${string} 1` => each.startsWith(name),
      )
    return { server, made, asked, channel }
  }

  test('asks for a part of the messages, gets it, and asks for no more when it is let go', () => {
    virtualTime(
      time => {
        const { channel, asked } = channels(time)
        const subscription = channel('a').subscribe()
        time.expectStream(channel('b')).toBe('b', { b: 'b 1' })
        time.at('1s', () => subscription.unsubscribe())
        time.at('2s', () => expect(asked).toEqual(['+a', '+b', '-a']))
      },
      { until: '3s' },
    )
  })

  test('asks again on each new connection', () => {
    virtualTime(
      time => {
        const { channel, server, asked } = channels(time)
        time.at('1s', () => server.cut())
        time.expectStream(channel('a')).toBe('a 1249ms a', { a: 'a 1' })
        time.at('2s', () => expect(asked).toEqual(['+a', '+a']))
      },
      { until: '3s' },
    )
  })

  test('asks at once when the session is open, and says nothing when it is not', () => {
    virtualTime(
      time => {
        const { channel, server, asked } = channels(time)
        time.at('1s', () => {
          const subscription = channel('a').subscribe()
          expect(asked).toEqual([])
          time.at('2s', () => {
            expect(asked).toEqual(['+a'])
            server.cut()
          })
          time.at('2100ms', () => subscription.unsubscribe())
        })
        time.at('4s', () => expect(asked).toEqual(['+a']))
      },
      { until: '5s' },
    )
  })

  test('completes with the session, and errors with what its functions throw', () => {
    const reported: unknown[] = []
    config.onUnhandledError = error => reported.push(error)
    virtualTime(time => {
      const { channel, made } = channels(time)
      const bad = new Error('bad')
      const throwing = () => {
        throw bad
      }
      const all = () => true
      time.expectStream(channel('a')).toBe('a 1999ms |', { a: 'a 1' })
      time.expectStream(made.multiplex(throwing, () => '-x', all)).toBe('#', {}, bad)
      time
        .expectStream(
          made.multiplex(
            () => '+y',
            () => '-y',
            throwing,
          ),
        )
        .toBe('#', {}, bad)
      const subscription = made.multiplex(() => '+z', throwing, all).subscribe()
      time.at('1s', () => {
        subscription.unsubscribe()
        expect(reported).toEqual([bad])
      })
      time.at('2s', () => made.close())
    })
  })
})

describe('what subscribers of a session cause', () => {
  test('is told to all in the same order, also to who caused it', () => {
    virtualTime(({ serve, at }) => {
      const server = serve()
      const made = session(url, { dial: server.dial })
      const seen: string[][] = [[], []]
      made.phases.subscribe(({ name }) => {
        seen[0]?.push(name)
        if (name === 'open') made.close()
      })
      made.phases.subscribe(({ name }) => seen[1]?.push(name))
      at('1s', () => {
        expect(seen[0]).toEqual(['connecting', 'open', 'closing', 'closed'])
        expect(seen[1]).toEqual(seen[0])
      })
    })
  })

  test('in the very first phase is told to them, too', () => {
    virtualTime(({ serve, at }) => {
      const made = session(url, { dial: serve().dial })
      const seen: string[] = []
      made.phases.subscribe(({ name }) => {
        seen.push(name)
        if (name === 'connecting') made.close()
      })
      at('1s', () => expect(seen).toEqual(['connecting', 'closing', 'closed']))
    })
  })

  test('by subscribing to a channel when it is open, is asked for once', () => {
    virtualTime(
      time => {
        const { made, received } = staged(time)
        made.phases.subscribe(({ name }) => {
          if (name !== 'open') return
          made
            .multiplex(
              () => 'sub',
              () => 'unsub',
              () => true,
            )
            .subscribe()
        })
        time.at('1s', () => expect(received).toEqual(['sub']))
      },
      { until: '2s' },
    )
  })

  test('by retryNow when it begins to wait, is tried at once', () => {
    virtualTime(
      time => {
        const { made, server } = staged(time)
        made.phases.subscribe(({ name }) => {
          if (name === 'waiting') made.retryNow()
        })
        time.at('1s', () => server.close(1013))
        time.expectStream(server.handshakes).toBe('h 999ms h', { h: '/' })
      },
      { until: '10s' },
    )
  })
})

test('read is over with the session', () => {
  virtualTime(time => {
    const { made } = staged(time)
    const subscription = made.read(() => undefined)
    time.at('1s', () => made.close())
    time.at('2s', () => expect(subscription.closed).toBe(true))
  })
})

describe('retryNow', () => {
  test('ends a wait, and does nothing in any other phase', () => {
    virtualTime(
      time => {
        const { made, server } = staged(time)
        made.retryNow()
        time.at('1s', () => server.close(1013))
        time.at('5s', () => made.retryNow())
        time.at('6s', () => made.retryNow())
        time.expectStream(server.handshakes).toBe('h 4999ms h', { h: '/' })
      },
      { until: '1m' },
    )
  })

  test('ends being offline, too', () => {
    virtualTime(
      time => {
        const online = new BehaviorSubject(false)
        const { made, server } = staged(time, { reconnect: { online } })
        time.at('1s', () => server.cut())
        time.at('5s', () => made.retryNow())
        time.expectStream(server.handshakes).toBe('h 4999ms h', { h: '/' })
      },
      { until: '1m' },
    )
  })
})

test('opened has the open connection, then each that opens', () => {
  virtualTime(
    time => {
      const { made, server } = staged(time)
      time.at('2s', () => server.cut())
      const states = merge(made.opened).pipe(map(({ state }) => state))
      time.expectStream(states).toBe('o 2249ms o', { o: 'open' })
      time.at('1s', () => {
        const late: string[] = []
        made.opened.subscribe(({ state }) => late.push(state))
        expect(late).toEqual(['open'])
      })
    },
    { until: '3s' },
  )
})

test('the members of a session need no this', () => {
  virtualTime(
    time => {
      const { made, received } = staged(time)
      const { send, close, retryNow, read, multiplex } = made
      const all = () => true
      time.at('1s', () => {
        send('a')
        read(() => undefined)
        multiplex(
          () => 'b',
          () => 'c',
          all,
        ).subscribe()
        retryNow()
      })
      time.at('2s', () => close())
      time.at('3s', () => {
        expect(received).toEqual(['a', 'b'])
        expect(made.phase.name).toBe('closed')
      })
    },
    { until: '4s' },
  )
})
