import {
  asyncScheduler,
  BehaviorSubject,
  interval,
  map,
  NEVER,
  of,
  type SchedulerLike,
  take,
} from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Inspection, inspect, type InspectOptions, prepare, text } from 'rivulet'
import { virtualTime } from 'rivulet/testing'

/** All that was seen of a connection, with the virtual ms. */
function seen(
  script: (time: Parameters<Parameters<typeof virtualTime>[0]>[0]) => {
    connection: Parameters<typeof inspect>[0]
    options?: InspectOptions
  },
  until: `${number}s` = '10s',
): Inspection[] {
  const all: Inspection[] = []
  virtualTime(
    time => {
      const { connection, options } = script(time)
      inspect(connection, options).subscribe(each => all.push(each))
    },
    { until },
  )
  return all
}

const only = <T extends Inspection['type']>(all: readonly Inspection[], type: T) =>
  all.filter((each): each is Extract<Inspection, { type: T }> => each.type === type)

describe('what is seen of a connection', () => {
  test('begins with a snapshot, in the state that it is in', () => {
    const [first] = seen(({ connect }) => connect(undefined, { opens: '1s' }))
    expect(first).toEqual({
      type: 'snapshot',
      time: 0,
      connections: [
        {
          id: 'client-1',
          url: '/',
          protocol: '',
          state: 'connecting',
          messagesIn: 0,
          messagesOut: 0,
          bytesIn: 0,
          bytesOut: 0,
          dropped: 0,
          rejected: 0,
          refused: 0,
          flow: 'flowing',
          queued: 0,
          queuedBytes: 0,
        },
      ],
    })
  })

  test('is its states when they change, and how it ended, then nothing more', () => {
    const all: unknown[] = []
    virtualTime(({ connect, at }) => {
      const { connection } = connect(undefined, { opens: '1s' })
      inspect(connection, { interval: false })
        .pipe(map(({ type, time }) => `${time} ${type}`))
        .subscribe({ next: each => all.push(each), complete: () => all.push('completes') })
      at('2s', () => connection.close(4000, 'enough'))
    })
    expect(all).toEqual(['0 snapshot', '1000 opened', '2000 closing', '2000 closed', 'completes'])
  })

  test('is that it closes, also when whoever is told of it closes it', () => {
    const all: string[] = []
    virtualTime(({ accept, at }) => {
      const { connection } = accept(() => NEVER)
      at('1s', () =>
        inspect(connection).subscribe(({ type }) => {
          all.push(type)
          if (type === 'snapshot') connection.close()
        }),
      )
    })
    expect(all).toEqual(['snapshot', 'closing', 'closed'])
  })

  test('is the Close, with its cause in words, and the counts of its whole life', () => {
    const all = seen(({ accept, at }) => {
      const { connection, peer } = accept(() => {
        throw new RangeError('out of range')
      })
      at('1s', () => peer.close(1000))
      return { connection }
    })
    expect(only(all, 'closed')).toMatchObject([
      {
        id: 'server-1',
        messagesIn: 0,
        close: {
          code: 1011,
          by: 'local',
          wasClean: true,
          sent: 1011,
          cause: {
            name: 'ApplicationError',
            message: 'The handler failed: out of range',
            code: 'ERR_APPLICATION',
          },
        },
      },
    ])
  })

  test('is what came and went since the last sample, once a second, and nothing when nothing did', () => {
    const all = seen(({ accept, at }) => {
      const { connection, peer } = accept(() => interval(400).pipe(map(() => 'four')))
      at('500ms', () => peer.send('in'))
      at('1100ms', () => connection.close())
      return { connection }
    })
    expect(only(all, 'samples')).toEqual([
      {
        type: 'samples',
        time: 1_000,
        over: 1_000,
        connections: [
          {
            id: 'server-1',
            messagesIn: 1,
            messagesOut: 2,
            bytesIn: 4,
            bytesOut: 12,
            dropped: 0,
            rejected: 0,
            refused: 0,
            flow: 'flowing',
            queued: 0,
            queuedBytes: 0,
          },
        ],
      },
    ])
    const silent = seen(({ accept }) => accept(() => NEVER, { heartbeat: false }))
    expect(silent.map(({ type }) => type)).toEqual(['snapshot', 'opened', 'closed'])
  })

  test('is sampled as often as is asked for', () => {
    const all = seen(({ accept }) => ({
      ...accept(() => interval(100).pipe(map(n => String(n)))),
      options: { interval: 250 },
    }))
    const times = only(all, 'samples').map(({ time }) => time)
    expect(times.slice(0, 3)).toEqual([250, 500, 750])
    expect(times).toHaveLength(40)
  })

  test('is what waits and what was dropped, of a peer that does not read', () => {
    const all = seen(({ accept, at }) => {
      const wide = 'x'.repeat(100_000)
      const { connection, peer } = accept(() => interval(100).pipe(map(() => wide)), {
        outbox: { messages: 2, overflow: 'dropOldest' },
      })
      at('0s', () => peer.stall())
      return { connection }
    })
    const [sample] = only(all, 'samples')
    expect(sample?.connections[0]).toMatchObject({ flow: 'backed up', queued: 2, dropped: 6 })
    expect(sample?.connections[0]?.queuedBytes).toBe(200_000)
  })

  test('is how long a ping took that was answered', () => {
    const all = seen(
      ({ accept }) =>
        accept(() => NEVER, {
          heartbeat: { interval: 1_000 },
          wire: { latency: 20 },
          random: () => 0,
        }),
      '3s',
    )
    const samples = only(all, 'samples').flatMap(({ connections }) => connections)
    expect(samples.length).toBeGreaterThan(0)
    expect(samples.every(({ roundTrip }) => roundTrip === 40)).toBe(true)
  })

  test('is since when it is open, for who comes late', () => {
    const late: Inspection[] = []
    virtualTime(
      ({ accept, at }) => {
        const { connection, peer } = accept(() => of('one'))
        peer.silence()
        at('300ms', () => inspect(connection).subscribe(each => late.push(each)))
      },
      { until: '1s' },
    )
    expect(late[0]).toMatchObject({ connections: [{ state: 'closing', messagesOut: 1 }] })
    const later: Inspection[] = []
    virtualTime(
      ({ accept, at }) => {
        const { connection } = accept(() => NEVER)
        at('300ms', () => inspect(connection).subscribe(each => later.push(each)))
      },
      { until: '1s' },
    )
    expect(later[0]).toMatchObject({ connections: [{ state: 'open', openedAt: 0 }] })
  })

  test('of one that has closed is a snapshot and how it ended', () => {
    const late: string[] = []
    virtualTime(({ accept, at }) => {
      const { connection } = accept(() => of('one'))
      at('1s', () =>
        inspect(connection).subscribe({
          next: ({ type }) => late.push(type),
          complete: () => late.push('completes'),
        }),
      )
    })
    expect(late).toEqual(['snapshot', 'closed', 'completes'])
  })

  test('has no secrets: no query, no password, no headers, no principal', () => {
    const [first] = seen(({ accept }) =>
      accept(() => NEVER, {
        handshake: {
          url: 'wss://ada:s3cret@example.org/feed?token=s3cret#s3cret',
          headers: { cookie: 's3cret' },
          principal: { password: 's3cret' },
          remoteAddress: '192.0.2.1',
          protocol: 'chat',
        },
      }),
    )
    expect(JSON.stringify(first)).not.toContain('s3cret')
    expect(first).toMatchObject({
      connections: [
        { url: 'wss://example.org/feed?…', remoteAddress: '192.0.2.1', protocol: 'chat' },
      ],
    })
  })

  test('is plain data: JSON carries all of it', () => {
    const all = seen(({ accept, at }) => {
      const { connection, peer } = accept(() => interval(300).pipe(map(n => String(n))))
      at('2s', () => peer.vanish())
      return { connection, options: { messages: true } }
    }, '100s')
    expect(all.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['snapshot', 'opened', 'samples', 'message', 'closed']),
    )
    expect(JSON.parse(JSON.stringify(all))).toEqual(all)
  })
})

describe('each message', () => {
  test('is told of when that is asked for: which way, what kind, how large', () => {
    const codec = text
    const prepared = prepare('ready', codec)
    const all = seen(({ accept, at }) => {
      const { connection, peer } = accept<string, string>(undefined, { codec })
      at('1s', () => peer.send('grüße'))
      at('2s', () => connection.send(prepared))
      return { connection, options: { messages: true, interval: false } }
    })
    expect(only(all, 'message')).toEqual([
      { type: 'message', time: 1_000, id: 'server-1', direction: 'in', kind: 'text', bytes: 7 },
      { type: 'message', time: 2_000, id: 'server-1', direction: 'out', kind: 'text', bytes: 5 },
    ])
  })

  test('is not told of otherwise, nor is a sign of life ever', () => {
    const quiet = seen(({ accept }) => accept(() => interval(100).pipe(map(n => String(n)))))
    expect(only(quiet, 'message')).toEqual([])
    const alive = seen(({ accept, at }) => {
      const { connection, peer } = accept(() => NEVER, {
        heartbeat: { interval: 1_000, message: '♥' },
      })
      at('1s', () => peer.send('♥'))
      return { connection, options: { messages: true } }
    })
    expect(only(alive, 'message')).toEqual([])
    expect(
      only(alive, 'samples').every(({ connections }) =>
        connections.every(({ messagesIn, messagesOut }) => messagesIn + messagesOut === 0),
      ),
    ).toBe(true)
  })

  test('has gone when it is told of: who closes then closes behind it', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept(() => interval(1_000).pipe(map(n => String(n))))
      inspect(connection, { messages: true }).subscribe(({ type }) => {
        if (type === 'message') connection.close()
      })
      expectStream(peer.received).toBe('1s a', { a: '0' })
    })
  })

  test('is told to each who asks, until the last has left', () => {
    virtualTime(({ accept, at }) => {
      const { connection } = accept(() => interval(1_000).pipe(map(n => String(n))))
      const counts = [0, 0]
      const subscriptions = counts.map((_, which) =>
        inspect(connection, { messages: true }).subscribe(({ type }) => {
          if (type === 'message') counts[which]! += 1
        }),
      )
      at('2500ms', () => subscriptions[0]?.unsubscribe())
      at('4500ms', () => subscriptions[1]?.unsubscribe())
      at('9s', () => expect(counts).toEqual([2, 4]))
    })
  })
})

describe('the messages of some', () => {
  test('are told of while their ids are the last that were asked for', () => {
    const told: number[] = []
    virtualTime(({ accept, at }) => {
      const { connection } = accept(() => interval(1_000).pipe(map(n => String(n))))
      const wanted = new BehaviorSubject<readonly string[]>(['somebody else'])
      inspect(connection, { messages: wanted, interval: false }).subscribe(({ type, time }) => {
        if (type === 'message') told.push(time)
      })
      at('1500ms', () => wanted.next([connection.id]))
      at('3500ms', () => wanted.next([]))
    })
    expect(told).toEqual([2_000, 3_000])
  })
})

describe('inspect', () => {
  test('has one timer while somebody subscribes, and none before and after', () => {
    virtualTime(({ accept, at }) => {
      let timers = 0
      const counting: SchedulerLike = {
        now: () => asyncScheduler.now(),
        schedule: (...args: Parameters<SchedulerLike['schedule']>) => {
          timers++
          const timer = asyncScheduler.schedule(...args)
          timer.add(() => timers--)
          return timer
        },
      }
      const { connection } = accept(() => NEVER, { heartbeat: false, scheduler: counting })
      const inspected = inspect(connection)
      at('1s', () => {
        expect(timers).toBe(0)
        const subscription = inspected.subscribe()
        expect(timers).toBe(1)
        at('3s', () => {
          expect(timers).toBe(1)
          subscription.unsubscribe()
          expect(timers).toBe(0)
        })
      })
    })
  })

  test.each([
    [{ interval: 0 }, 'inspect: interval'],
    [{ interval: Infinity }, 'inspect: interval'],
    [{ messages: 1 as never }, 'inspect: messages'],
    [{ often: true } as never, 'inspect.often is not an option'],
  ])('refuses %j', (options, said) => {
    virtualTime(({ accept }) => {
      const { connection } = accept()
      expect(() => inspect(connection, options)).toThrow(said)
    })
  })

  test.each([{}, undefined, NEVER, { connections: NEVER }])(
    'refuses what is no subject',
    subject => {
      expect(() => inspect(subject as never)).toThrow(/^inspect: what was given is not a server/)
    },
  )

  test('can be left with its snapshot', () => {
    virtualTime(({ accept }) => {
      const { connection } = accept(() => interval(100).pipe(map(n => String(n))))
      const all: string[] = []
      inspect(connection)
        .pipe(take(1))
        .subscribe(({ type }) => all.push(type))
      expect(all).toEqual(['snapshot'])
    })
  })
})
