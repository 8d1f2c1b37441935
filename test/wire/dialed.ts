import { filter, firstValueFrom, type Observable, type Subscription } from 'rxjs'
import { onTestFinished } from 'vitest'
import type { Close, Connection, Message } from 'rivulet'
import { Mailbox } from './mailbox.js'

/** A subscription to what `connect` returns, and all that comes of it. */
export interface Dialed<In, Out> {
  readonly connection: Connection<In, Out>
  readonly subscription: Subscription
  readonly got: Mailbox<In>
  /** How the Observable ended: its error, or `'completed'`. */
  readonly outcome: Promise<unknown>
  readonly closed: Promise<Close>
}

/** Subscribes. The test's end unsubscribes. */
export function dialed<In = Message, Out = In>(
  connections: Observable<Connection<In, Out>>,
): Dialed<In, Out> {
  const got = new Mailbox<In>()
  const emitted: Connection<In, Out>[] = []
  let end!: (outcome: unknown) => void
  const outcome = new Promise(resolve => (end = resolve))
  const subscription = connections.subscribe({
    next: connection => {
      emitted.push(connection)
      connection.messages.subscribe(message => got.put(message))
    },
    error: end,
    complete: () => end('completed'),
  })
  onTestFinished(() => subscription.unsubscribe())
  const [connection, ...more] = emitted
  if (!connection || more.length > 0) throw new Error(`${emitted.length} connections, and not 1`)
  return { connection, subscription, got, outcome, closed: firstValueFrom(connection.closed) }
}

/** Subscribes, and waits until the connection is open. */
export async function opened<In = Message, Out = In>(
  connections: Observable<Connection<In, Out>>,
): Promise<Dialed<In, Out>> {
  const made = dialed(connections)
  await firstValueFrom(made.connection.states.pipe(filter(state => state === 'open')))
  return made
}
