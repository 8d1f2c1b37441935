/** Accept: connections on an HTTP server that somebody else owns. */

import { Observable } from 'rxjs'
import type { Connection, Handler } from '../connection/connection.js'
import { roster } from '../connection/roster.js'
import { group, shaped } from '../option.js'
import type { Message } from '../socket.js'
import { acceptOptionNames, type AcceptOptions } from './accept-options.js'
import { Acceptor } from './acceptor.js'
import { addRoute, type UpgradeServer } from './routes.js'

/**
 * Accepts WebSocket connections on an existing `node:http` or `node:https` server, beside whatever
 * else it serves. Emits each connection when it is open, after its handler was called; subscribe
 * to it in the same turn. Completes when the server closes. Unsubscribing stops new connections
 * only. Requests for other paths are left to other `upgrade` listeners, and get a 404 when there
 * are none. A second subscription for the same server and path is an error.
 *
 * @throws {TypeError} for an option that makes no sense.
 */
export function accept<In = Message, Out = In, Principal = unknown>(
  server: UpgradeServer,
  options: AcceptOptions<In, Out, Principal> = {},
  handler?: NoInfer<Handler<In, Out, Principal>>,
): Observable<Connection<In, Out, Principal>> {
  shaped('accept: server', server, undefined, ['on', 'once', 'off', 'listeners'])
  group('accept', options, acceptOptionNames)
  const acceptor = new Acceptor('accept', options, handler)
  const connections = new Observable<Connection<In, Out, Principal>>(subscriber => {
    const remove = addRoute(server, acceptor.path, (request, socket, head) =>
      acceptor.take(request, socket, head, connection => subscriber.next(connection)),
    )
    acceptor.roster.begin()
    const complete = () => {
      acceptor.roster.end()
      subscriber.complete()
    }
    server.once('close', complete)
    return () => {
      remove()
      acceptor.dismiss()
      server.off('close', complete)
    }
  })
  return Object.assign(connections, { [roster]: acceptor.roster })
}
