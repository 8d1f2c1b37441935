/** Multiplex: a part of a session's messages that the server sends only to who asks for it. */

import { filter, Observable } from 'rxjs'
import type { Connection } from '../connection/connection.js'
import type { Sendable } from '../connection/writer.js'
import { report } from '../report.js'

/** What is asked of a session. */
export interface Multiplexed<In, Out> {
  readonly messages: Observable<In>
  /** The open connection, and each that opens. */
  readonly opened: Observable<Connection<In, Out>>
  /** Sends, where there is an open connection. */
  say(this: void, message: Sendable<Out>): void
}

export function multiplex<In, Out>(
  { messages, opened, say }: Multiplexed<In, Out>,
  subscribe: () => Sendable<Out>,
  unsubscribe: () => Sendable<Out>,
  matches: (message: In) => boolean,
): Observable<In> {
  return new Observable(subscriber => {
    // before it asks, so that it misses no answer
    subscriber.add(messages.pipe(filter(each => matches(each))).subscribe(subscriber))
    subscriber.add(
      opened.subscribe(({ send }) => {
        try {
          send(subscribe())
        } catch (error) {
          subscriber.error(error)
        }
      }),
    )
    return () => {
      try {
        say(unsubscribe())
      } catch (error) {
        // nobody listens any more
        report(error)
      }
    }
  })
}
