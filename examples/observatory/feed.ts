// What the page is told: what `inspect` tells, the metrics each second, and the messages of those
// connections that it shows, a tenth of a second at a time.
import { BehaviorSubject, bufferTime, filter, interval, map, merge, share, startWith } from 'rxjs'
import {
  type Connection,
  type InspectableServer,
  type Inspection,
  inspect,
  json,
  type Metrics,
  metrics,
} from 'rivulet'
import { z } from 'zod'

type Message = Extract<Inspection, { type: 'message' }>

/** A message on its way in or out: `[id, direction, kind, bytes, time]`. */
export type Marble = [string, Message['direction'], Message['kind'], number, number]

export type News =
  | Exclude<Inspection, Message>
  | { readonly type: 'messages'; readonly time: number; readonly marbles: readonly Marble[] }
  | { readonly type: 'metrics'; readonly time: number; readonly metrics: Metrics }

/** The ids of the connections whose messages are to be shown. */
const Wanted = z.object({ watch: z.array(z.string().max(80)).max(100) })
export type Wanted = z.infer<typeof Wanted>

export const codec = json({ in: Wanted, out: z.custom<News>() })

export function feed(server: InspectableServer) {
  return ({ read }: Connection<Wanted, News>) => {
    const watched = new BehaviorSubject<readonly string[]>([])
    read(({ watch }) => watched.next(watch))
    const seen = inspect(server, { messages: watched }).pipe(share())
    return merge(
      seen.pipe(filter((each): each is Exclude<Inspection, Message> => each.type !== 'message')),
      seen.pipe(
        filter((each): each is Message => each.type === 'message'),
        map(({ id, direction, kind, bytes = 0, time }): Marble => [
          id,
          direction,
          kind,
          bytes,
          time,
        ]),
        bufferTime(100),
        filter(marbles => marbles.length > 0),
        map((marbles): News => ({ type: 'messages', time: Date.now(), marbles })),
      ),
      interval(1_000).pipe(
        startWith(0),
        map((): News => ({ type: 'metrics', time: Date.now(), metrics: metrics(server) })),
      ),
    )
  }
}
