/** What a feed of the observatory tells, made up: the same each time, for pictures and for tests. */

import type { Marble, News } from '../../examples/observatory/feed.js'
import { seeded } from '../../src/testing/chance.js'

const counts = { dropped: 0, rejected: 0, refused: 0 }
const flowing = { flow: 'flowing', queued: 0, queuedBytes: 0 } as const

/** So many open connections, at a time of the page's clock in ms. */
export function snapshotOf(open: number, time: number): News {
  const random = seeded(7)
  return {
    type: 'snapshot',
    time,
    connections: Array.from({ length: open }, (_, at) => ({
      ...counts,
      ...flowing,
      id: `observed-${at.toString(36)}`,
      url: ['/ws', '/ws?…', '/ws'][at % 3]!,
      remoteAddress: `127.0.0.${1 + (at % 9)}`,
      protocol: '',
      state: 'open' as const,
      openedAt: time - Math.round(random() * 900_000),
      messagesIn: Math.round(random() * 4_000),
      messagesOut: Math.round(random() * 4_000),
      bytesIn: Math.round(random() * 400_000),
      bytesOut: Math.round(random() * 400_000),
      ...(at % 2 === 0 && { roundTrip: 1 + Math.round(random() * 30) }),
    })),
  }
}

/** A second of it: what changed, and some that end. */
export function secondOf(open: number, time: number, second: number): News[] {
  const random = seeded(100 + second)
  const ids = Array.from({ length: open }, (_, at) => `observed-${at.toString(36)}`)
  const connections = ids.map((id, at) => {
    const busy = 1 + ((at * 7) % 10)
    const behind = at % 97 === 5
    return {
      ...counts,
      id,
      messagesIn: busy,
      messagesOut: (busy * 3) % 13,
      bytesIn: busy * 40,
      bytesOut: busy * 90,
      flow: behind ? ('backed up' as const) : ('flowing' as const),
      queued: behind ? 12 : 0,
      queuedBytes: behind ? 48_000 : 0,
    }
  })
  const sum = (of: (each: (typeof connections)[number]) => number) =>
    connections.reduce((all, each) => all + of(each), 0)
  const durations = { count: open + 3, sum: (open + 3) * 1.4, buckets: [] }
  // more in some seconds than in others, and never less than before
  const past = second + Math.sin(second / 4) * 1.6 + Math.sin(second / 1.7) * 0.35
  return [
    { type: 'samples', time, over: 1_000, connections },
    {
      type: 'metrics',
      time,
      metrics: {
        ...counts,
        connections: { connecting: 0, open, closing: 0 },
        opened: open + 3,
        closed: { 1000: 1, 1001: 1, 1006: 1 },
        refusedHandshakes: { 403: 2 },
        messagesIn: Math.round(sum(each => each.messagesIn) * past),
        messagesOut: Math.round(sum(each => each.messagesOut) * past),
        bytesIn: 0,
        bytesOut: 0,
        queued: sum(each => each.queued),
        queuedBytes: Math.round(sum(each => each.queuedBytes) * (0.6 + random())),
        handshake: durations,
        roundTrip: durations,
      },
    },
  ]
}

/** Messages of the last ten seconds and of the next few, of these connections. */
export function messagesOf(ids: readonly string[], time: number): News {
  const marbles: Marble[] = ids.flatMap((id, at) => {
    const random = seeded(at + 1)
    return (['in', 'out'] as const).flatMap(direction => {
      const pace = 120 + random() * 1_400
      // some are still to come: the clock goes on until the picture is taken
      const count = Math.floor(16_000 / pace)
      return Array.from({ length: count }, (_, nth): Marble => {
        const kind = random() < 0.12 ? 'binary' : 'text'
        const bytes = Math.round(2 ** (3 + random() * 9))
        return [id, direction, kind, bytes, time - 9_700 + (nth + random() * 0.4) * pace]
      })
    })
  })
  marbles.sort((a, b) => a[4] - b[4])
  return { type: 'messages', time, marbles }
}

/** Three that have ended, each otherwise. */
export function endingsOf(time: number): News[] {
  const ends = [
    { code: 1000, reason: 'closed by the page', by: 'peer', wasClean: true },
    { code: 1001, reason: '', by: 'peer', wasClean: true },
    {
      code: 1006,
      reason: '',
      by: 'network',
      wasClean: false,
      cause: {
        name: 'HeartbeatError',
        message: 'heartbeat.timeout: nothing came from the peer for 60000 ms',
        code: 'ERR_HEARTBEAT',
      },
    },
  ] as const
  return ends.flatMap((close, at): News[] => {
    const id = `observed-gone${at}`
    const label = { id, url: '/ws', remoteAddress: '127.0.0.1', protocol: '' }
    const gone = { ...counts, messagesIn: 12 + at, messagesOut: 40, bytesIn: 800, bytesOut: 2_400 }
    return [
      { type: 'opened', time: time - 65_000, ...label, handshake: 2 },
      { type: 'closed', time, id, close, ...gone },
    ]
  })
}
