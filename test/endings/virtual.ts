/** The virtual world: two connections on a link of two virtual sockets, all on one virtual clock. */

import { TestScheduler } from 'rxjs/testing'
import { type Close, type Connection, HandshakeError } from 'rivulet'
import { readSettings } from '../../src/connection/settings.js'
import { SocketConnection } from '../../src/connection/socket-connection.js'
import { Drain } from '../../src/server/drain.js'
import { seeded } from '../../src/testing/chance.js'
import { Lane } from '../../src/testing/lane.js'
import { VirtualSocket } from '../../src/testing/virtual-socket.js'
import type { Situation } from './situations.js'
import { type End, type EndSpec, type Outcome, other, timeouts, type Wire } from './world.js'

// When everything is over: far behind the longest of the times.
const end = 5_000
// Fast enough for every deadline, and slow enough for a burst to back up.
const bandwidth = 50_000_000

export function inVirtualTime(situation: Situation): Record<End, Outcome> {
  const scheduler = new TestScheduler(() => undefined)
  const random = seeded(1)
  const closes: Partial<Record<End, Close>> = {}
  const alive: Partial<Record<End, boolean>> = {}
  scheduler.run(() => {
    const lane = () => new Lane(scheduler, random, { bandwidth })
    // named after the end that reads them
    const lanes = { server: lane(), client: lane() }
    const socketOf = (side: End) =>
      new VirtualSocket(scheduler, lanes[other[side]], lanes[side], timeouts.close)
    const sockets = { server: socketOf('server'), client: socketOf('client') }
    const connect = (side: End, { options, handler }: EndSpec = {}) => {
      const settings = readSettings(
        side,
        side,
        { scheduler, random, ...options, timeouts: { ...timeouts, ...options?.timeouts } },
        handler,
      )
      const connection = new SocketConnection(settings, sockets[side], handshake, side)
      connection.closed.subscribe(close => {
        if (scheduler.now() < end) closes[side] = close
      })
      return connection
    }
    const wire: Wire = {
      inject(to, what) {
        if (what === 'empty close') lanes[to].write({ close: 1005, reason: '' })
        else sockets[to].violate(what)
      },
      fin() {
        lanes.server.write('end')
        lanes.client.write('end')
      },
      reset() {
        sockets.server.reset()
        sockets.client.reset()
      },
      lose: from => lanes[other[from]].stall(),
      hold: each => lanes[each].hold(),
      release: each => lanes[each].release(),
    }
    const client = connect('client', situation.client)
    const connections: Connection[] = [client]
    if (situation.doorman === undefined) {
      const server = connect('server', situation.server)
      connections.unshift(server)
      const drain = new Drain(new Set([server]), scheduler)
      const world = {
        server,
        client,
        wire,
        goAway: () =>
          drain.begin({ code: 1001, reason: 'server going away', deadline: timeouts.close }),
        drain: drain.begin.bind(drain),
      }
      scheduler.schedule(() => {
        sockets.server.open()
        sockets.client.open()
      })
      scheduler.schedule(() => situation.act?.(world), 1)
    } else {
      scheduler.schedule(() => {
        if (situation.doorman === 'refuses with 503') {
          sockets.client.refuse(new HandshakeError('The server answered 503', { status: 503 }))
        } else if (situation.doorman === 'is not there') {
          sockets.client.refuse(new HandshakeError('connect ECONNREFUSED'))
        } else if (situation.doorman === 'hangs up') {
          lanes.client.write('end')
        }
      }, 1)
      situation.early?.(client)
    }
    scheduler.maxFrames = end
    scheduler.schedule(() => {
      for (const each of connections) alive[each.id as End] = each.state !== 'closed'
      sockets.server.terminate()
      sockets.client.terminate()
    }, end)
  })
  const outcome = (side: End): Outcome =>
    situation.expected[side] === 'is not ours'
      ? 'is not ours'
      : (closes[side] ?? (alive[side] ? 'stays open' : 'is not ours'))
  return { server: outcome('server'), client: outcome('client') }
}

const handshake = {
  url: '/',
  headers: {},
  origin: undefined,
  remoteAddress: undefined,
  protocol: '',
  principal: undefined,
}
