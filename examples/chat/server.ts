// A chat with rooms, in one process, or in several that share a NATS or a Redis.
import { distinctUntilChanged, filter, map, merge, Subject } from 'rxjs'
import { type Broker, createHub, type Flow, json, type Reach } from 'rivulet'
import { nats } from 'rivulet/nats'
import { redis } from 'rivulet/redis'
import { serve } from 'rivulet/server'
import { z } from 'zod'
import { site } from '../site.js'

const Said = z.object({ text: z.string().min(1).max(2_000) })

/** What was said, and who said it: as the server knows, not as a message claims. */
interface Line {
  by: string
  text: string
}

/** What the page gets: lines, who is here, and whether other servers hear it. */
type News = Line | { here: { name: string; slow: boolean }[] } | { reach: Reach }

const codec = json({ in: Said, out: z.custom<News>() })
const between = json<Line>()

/** The broker that the environment names, if it names one. */
function brokerOf({ NATS_URL, REDIS_URL } = process.env): Broker | undefined {
  if (NATS_URL) return nats(NATS_URL)
  return REDIS_URL ? redis(REDIS_URL) : undefined
}

export function chat(port: number) {
  const hub = createHub({ broker: brokerOf() })
  hub.status
    .pipe(filter(({ name }) => name === 'disconnected'))
    .subscribe(({ cause }) => console.error(cause?.message ?? 'The broker is away'))

  // somebody begins to lag, or has caught up
  const paces = new Subject<void>()

  const server = serve(
    { port, path: '/ws', codec, request: site(import.meta.url) },
    ({ handshake, read, flow }) => {
      const asked = new URL(handshake.url, 'ws://server').searchParams
      const name = (asked.get('name') ?? '').trim().slice(0, 40) || 'somebody'
      const room = hub.topic<Line, { name: string; flow: Flow }>(asked.get('room') ?? 'lobby', {
        codec: between,
      })
      read(({ text }) => room.publish({ by: name, text }))
      flow.changes.subscribe(() => paces.next())
      return merge(
        room.as({ name, flow }),
        merge(room.members.changes, paces).pipe(
          map(() =>
            room.members.who.map(({ name, flow }) => ({ name, slow: flow.state === 'backed up' })),
          ),
          distinctUntilChanged((was, is) => JSON.stringify(was) === JSON.stringify(is)),
          map(here => ({ here })),
        ),
        room.reach.pipe(map(reach => ({ reach }))),
      )
    },
  )
  server.connections.subscribe({ complete: hub.close })
  return server
}
