/** Running: a server of Node with connections beside it, told where it listens and when to stop. */

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromEvent, map, merge, mergeMap, type Observable, take, tap } from 'rxjs'
import type { Connection } from 'rivulet'
import { accept, type Server as WebSocketServer } from 'rivulet/server'

export function running<In, Out, Who>(
  http: Server,
  accepted: Observable<Connection<In, Out, Who>>,
) {
  const open = new Set<Pick<Connection, 'close'>>()
  const keep = (connection: Pick<Connection, 'close' | 'closed'>) => {
    open.add(connection)
    connection.closed.subscribe(() => open.delete(connection))
  }
  accepted.subscribe(keep)
  const beside: Pick<WebSocketServer, 'accept'> = {
    accept: (options, handler) =>
      accept(http, options, handler).pipe(tap(connection => keep(connection))),
  }
  const failed = fromEvent(http, 'error').pipe(
    mergeMap(error => {
      throw error
    }),
  )
  const listening = fromEvent(http, 'listening').pipe(map(() => http.address() as AddressInfo))
  // what was accepted is what can be inspected
  return Object.assign(accepted, beside, {
    listening: merge(listening, failed).pipe(take(1)),
    // Node's `close` waits for connections that were upgraded, and does not end them
    drain({ code, reason }: { code: number; reason: string }) {
      http.close()
      http.closeIdleConnections()
      for (const { close } of open) close(code, reason)
    },
  })
}
