/** Running: a server of Node with connections beside it, told where it listens and when to stop. */

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromEvent, map, merge, mergeMap, type Observable, take } from 'rxjs'
import type { Connection } from 'rivulet'

export function running<In, Out, Who>(
  http: Server,
  accepted: Observable<Connection<In, Out, Who>>,
) {
  const open = new Set<Connection<In, Out, Who>>()
  accepted.subscribe(connection => {
    open.add(connection)
    connection.closed.subscribe(() => open.delete(connection))
  })
  const failed = fromEvent(http, 'error').pipe(
    mergeMap(error => {
      throw error
    }),
  )
  const listening = fromEvent(http, 'listening').pipe(map(() => http.address() as AddressInfo))
  return {
    listening: merge(listening, failed).pipe(take(1)),
    // Node's `close` waits for connections that were upgraded, and does not end them
    drain({ code, reason }: { code: number; reason: string }) {
      http.close()
      http.closeIdleConnections()
      for (const { close } of open) close(code, reason)
    },
  }
}
