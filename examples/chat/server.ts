// A chat with rooms, in one process, or in several that share a NATS or a Redis.
import { readFileSync } from 'node:fs'
import { filter, map, merge } from 'rxjs'
import { type Broker, createHub, json, type Reach } from 'rivulet'
import { nats } from 'rivulet/nats'
import { redis } from 'rivulet/redis'
import { serve } from 'rivulet/server'
import { z } from 'zod'
import { answersObservatory } from '../observatory/server.js'

const Said = z.object({ by: z.string().min(1).max(40), text: z.string().min(1).max(2_000) })
type Said = z.infer<typeof Said>

/** What the page gets: what was said, how many are here, and whether other servers hear it. */
type News = Said | { here: number } | { reach: Reach }

const codec = json({ in: Said, out: z.custom<News>() })
const between = json<Said>()

const page = readFileSync(new URL('./index.html', import.meta.url))

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

  const server = serve(
    {
      port,
      path: '/ws',
      codec,
      request: (request, response) => {
        if (answersObservatory(request, response)) return
        const found = request.url === '/'
        response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8' })
        response.end(found ? page : 'Not found')
      },
    },
    ({ handshake, read }) => {
      const name = new URL(handshake.url, 'ws://server').searchParams.get('room') ?? 'lobby'
      const room = hub.topic<Said>(name, { codec: between })
      read(room.publish)
      return merge(
        room,
        room.members.changes.pipe(map(({ count }) => ({ here: count }))),
        room.reach.pipe(map(reach => ({ reach }))),
      )
    },
  )
  server.connections.subscribe({ complete: hub.close })
  return server
}
