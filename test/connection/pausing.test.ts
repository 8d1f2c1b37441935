import { concat, type Observable, of } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { Connection } from 'rivulet'
import { virtualTime } from 'rivulet/testing'

const plug = 'x'.repeat(70_000)
const echo = ({ messages }: Connection): Observable<string> => messages as Observable<string>

describe('reading pauses while the outbox is backed up', () => {
  test.each([
    ['on a server', 'accept', {}, 1],
    ['not on a client', 'connect', {}, 3],
    ['not on a server that does not want it', 'accept', { pausesWhenBackedUp: false }, 3],
    ['on a client that wants it', 'connect', { pausesWhenBackedUp: true }, 1],
  ] as const)('%s', (_, side, inbox, read) => {
    virtualTime(time => {
      const seen: unknown[] = []
      const { connection, peer } = time[side](
        connection => {
          connection.read(message => seen.push(message))
          return echo(connection)
        },
        { inbox },
      )
      peer.stall()
      peer.sends('1s p 1s a 1s b', { p: plug })
      time.at('10s', () => {
        expect(connection.flow.state).toBe('backed up')
        expect(seen).toHaveLength(read)
        peer.resume()
      })
      time.at('11s', () => {
        expect(seen).toEqual([plug, 'a', 'b'])
        expect(peer.received.values).toEqual(seen)
        expect(connection.flow.snapshot()).toMatchObject({ state: 'flowing', sent: 3, dropped: 0 })
      })
    })
  })

  test('and bounds an echo: what the peer sends stays with the peer', () => {
    virtualTime(
      ({ link, at }) => {
        const wire = link(
          { server: echo },
          { client: { inbox: { pausesWhenBackedUp: false }, outbox: { messages: 100_000 } } },
        )
        const { server, client } = wire
        at('1s', () => wire.stall('toClient'))
        at('2s', () => {
          for (let each = 0; each < 1_000; each++) client.send('y'.repeat(1_000))
        })
        at('10s', () => {
          // a chunk of overshoot, and no more
          expect(server.flow.state).toBe('backed up')
          expect(server.flow.queuedBytes).toBeLessThanOrEqual(2 * 65_536)
          wire.resume()
        })
        at('20s', () => {
          expect(server.flow.snapshot()).toMatchObject({
            state: 'flowing',
            sent: 1_000,
            dropped: 0,
          })
        })
      },
      { until: '21s' },
    )
  })

  test('but is open for the Close frame of the peer as soon as it drains', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      peer.stall()
      at('1s', () => {
        connection.send(plug)
        peer.close(4001)
      })
      at('2s', () => expect(connection.state).toBe('open'))
      at('3s', () => peer.resume())
      expectClose(connection, '3s', { code: 4001, by: 'peer' })
    })
  })

  test.each([4000, 1013])('and is over when this side closes with %d', code => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      const seen: unknown[] = []
      connection.messages.subscribe(message => seen.push(message))
      peer.stall()
      at('1s', () => {
        connection.send(plug)
        peer.send('unread')
        peer.close(4001)
      })
      // the peer's Close frame is behind what was not read, and is seen though nothing drains
      at('2s', () => {
        expect(connection.state).toBe('open')
        connection.close(code)
      })
      at('4s', () => expect(seen).toEqual([]))
      expectClose(connection, '7s', { received: 4001 })
    })
  })
})

describe('two peers that echo everything', () => {
  const full = () => concat(of(...Array.from({ length: 40 }, () => 'y'.repeat(5_000))))

  test('do not wait for ever when both pause: a stall ends them with 1013', () => {
    const { alive } = virtualTime(
      ({ link, at }) => {
        const both = { inbox: { pausesWhenBackedUp: true } }
        const { server, client } = link(
          { server: echo, client: echo },
          { server: both, client: both, bandwidth: 1_000_000 },
        )
        at('1s', () => {
          full().subscribe(message => server.send(message))
          full().subscribe(message => client.send(message))
        })
        at('2s', () => {
          expect(server.flow.state).toBe('backed up')
          expect(client.flow.state).toBe('backed up')
        })
        at('45s', () => {
          const sent: unknown[] = []
          for (const { closed } of [server, client]) closed.subscribe(each => sent.push(each.sent))
          expect(sent).toContain(1013)
          expect(sent).toHaveLength(2)
        })
      },
      { until: '1m' },
    )
    expect(alive).toEqual([])
  })

  test('go on for ever when only the server does, as is the default', () => {
    const { alive } = virtualTime(
      ({ link, at }) => {
        const { server, client } = link({ server: echo, client: echo }, { bandwidth: 1_000_000 })
        at('1s', () => {
          full().subscribe(message => server.send(message))
          full().subscribe(message => client.send(message))
        })
        let before = 0
        at('5s', () => (before = client.flow.sent))
        at('7s', () => {
          expect(client.flow.sent - before).toBeGreaterThan(100)
          for (const { flow } of [server, client]) expect(flow.dropped).toBe(0)
        })
      },
      { until: '8s' },
    )
    expect(alive).toHaveLength(2)
  })
})

describe('the option', () => {
  test.each([
    ['pausesWhenBackedUp', 1, 'true or false'],
    ['bytes', 0, 'a whole number'],
  ])('refuses %s of %s', (name, value, allowed) => {
    expect(() =>
      virtualTime(({ accept }) => void accept(undefined, { inbox: { [name]: value } })),
    ).toThrow(`inbox.${name}: ${value} is not ${allowed}`)
  })
})
