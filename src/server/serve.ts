/** Serve: connections on an HTTP server of its own. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Observable, ReplaySubject, Subject } from 'rxjs'
import { CloseCode } from '../close.js'
import type { Connection, Handler } from '../connection/connection.js'
import { roster } from '../connection/roster.js'
import { callable, group, refused, text, whole } from '../option.js'
import type { Message } from '../socket.js'
import { acceptOptionNames, type AcceptOptions } from './accept-options.js'
import { Acceptor } from './acceptor.js'
import { Drain, type DrainOptions, type DrainProgress } from './drain.js'
import { addRoute } from './routes.js'
import { Together } from './together.js'
import { checkHandshake, pathOf, type Refusal, turnAway } from './upgrade.js'

/** Answers plain HTTP requests, as the listener of `http.createServer` does. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/** Where to listen, and how to accept. */
export interface ServeOptions<
  In = Message,
  Out = Message,
  Principal = unknown,
> extends AcceptOptions<In, Out, Principal> {
  /** The TCP port; 0 takes a free one. */
  port: number
  /** The address to listen on. Default: all of the machine's. */
  host?: string | undefined
  /** Answers what is not for WebSocket. Default: 404, and 426 at the path of the WebSocket. */
  request?: RequestListener | undefined
}

/** A running server. */
export interface Server<In = Message, Out = Message, Principal = unknown> {
  /** The address, once it listens; then completes. Errors when the port can't be had. */
  readonly listening: Observable<AddressInfo>
  /** Each connection when it is open; subscribe to it in the same turn. Completes with the server. */
  readonly connections: Observable<Connection<In, Out, Principal>>
  /**
   * Accepts connections at another path of this server, as {@link accept} does on a server of
   * yours; they are drained and closed with it, and inspected by themselves.
   *
   * @throws {TypeError} for an option that makes no sense.
   */
  accept<I = Message, O = I, P = unknown>(
    this: void,
    options: AcceptOptions<I, O, P> & { path: string },
    handler?: NoInfer<Handler<I, O, P>>,
  ): Observable<Connection<I, O, P>>
  /**
   * Sends everybody away, at once: subscribing only watches. New requests get 503 with
   * `Retry-After`; connections are closed with 1012, all together or spread over time, behind what
   * is queued for them; what is left at the deadline is terminated. Then the port is given back,
   * and the Observable completes. Calling it again hastens it.
   *
   * @throws {TypeError} for an option that makes no sense.
   */
  drain(this: void, options?: DrainOptions): Observable<DrainProgress>
  /**
   * Gives the port back and closes every connection with 1001, at once: subscribing only watches.
   * What is left after `timeouts.close` is terminated. Completes when all are gone.
   */
  close(this: void): Observable<DrainProgress>
}

/**
 * Listens on a port of its own and makes every WebSocket request for the path a connection, which
 * the handler reads and writes.
 *
 * A port that can't be had is an error of `listening`, and is thrown when nobody observes that.
 *
 * @throws {TypeError} for an option that makes no sense.
 */
export function serve<In = Message, Out = In, Principal = unknown>(
  options: ServeOptions<In, Out, Principal>,
  handler?: NoInfer<Handler<In, Out, Principal>>,
): Server<In, Out, Principal> {
  const { port, host, request, ...rest } = group('serve', options, [
    'port',
    'host',
    'request',
    ...acceptOptionNames,
  ])
  const acceptor = new Acceptor('serve', rest, handler)
  const answer = callable('serve: request', request)
  const at = {
    port: whole('serve: port', port, undefined, 0, 65_535),
    host: text('serve: host', host, /^[^\s/]+$/, 'a host name or address'),
  }
  const listening = new ReplaySubject<AddressInfo>(1)
  const connections = new Subject<Connection<In, Out, Principal>>()
  const together = new Together()
  together.add(acceptor)
  const drain = new Drain(together, acceptor.scheduler)
  // whether the port is given back; undefined while nobody asked for that
  let unbound: boolean | undefined

  const http = createServer(handshakeLimits(acceptor.handshakeTimeout), (req, res) => {
    const beside = together.at(pathOf(req))
    const refusal = plainRefusal(req, acceptor.path, beside !== undefined, answer !== undefined)
    if (refusal) {
      // what is no WebSocket's path is no handshake
      if (refusal.status !== 404) (beside ?? acceptor).roster.refuse(refusal.status)
      respond(res, refusal)
    } else answer?.(req, res)
  })
  addRoute(
    http,
    acceptor.path,
    (req, socket, head) =>
      acceptor.take(req, socket, head, connection => connections.next(connection)),
    status => acceptor.roster.refuse(status),
  )
  // left to itself Node drops who wants a tunnel, without a word
  http.on('connect', (req, socket) => {
    socket.on('error', () => socket.destroy())
    const refusal = checkHandshake(req) ?? badRequest
    acceptor.roster.refuse(refusal.status)
    turnAway(socket, refusal)
  })
  http.once('listening', () => {
    listening.next(http.address() as AddressInfo)
    listening.complete()
  })
  http.on('error', error => {
    if (http.listening) {
      // one connection could not be accepted, for want of file descriptors say; the server goes on
      process.emitWarning(error)
    } else if (listening.observed) {
      listening.error(error)
    } else {
      throw error
    }
  })
  http.listen(at)

  const unlisten = () => {
    if (unbound !== undefined) return
    unbound = false
    // An answer that is under way may end; what has not asked for anything by then never will, so
    // this has a deadline also where closing has none.
    const cut = acceptor.scheduler.schedule(
      () => http.closeAllConnections(),
      acceptor.closeTimeout ?? 5_000,
    )
    http.close(() => {
      cut.unsubscribe()
      unbound = true
      finish()
    })
    http.closeIdleConnections()
  }
  const finish = () => {
    if (!unbound || together.size > 0) return
    listening.complete()
    // before who subscribes leaves
    together.end()
    connections.complete()
    drain.end()
  }
  const gone = () => {
    drain.tell()
    if (together.size > 0) return
    unlisten()
    finish()
  }
  const begin = (options: DrainOptions) => {
    drain.begin(options)
    together.shut({ status: 503, message: 'Going away', headers: { 'Retry-After': '5' } }, gone)
    if (together.size === 0) gone()
    return drain.progress
  }

  const server: Server<In, Out, Principal> = {
    listening: listening.asObservable(),
    connections: connections.asObservable(),
    accept<I, O, P>(
      options: AcceptOptions<I, O, P> & { path: string },
      handler?: NoInfer<Handler<I, O, P>>,
    ) {
      group('accept', options, acceptOptionNames)
      const beside = new Acceptor('accept', options, handler)
      if (beside.path === undefined) refused('accept: path', undefined, `a path like '/ws'`)
      const accepted = new Observable<Connection<I, O, P>>(subscriber => {
        const remove = addRoute(http, beside.path, (req, socket, head) =>
          beside.take(req, socket, head, connection => subscriber.next(connection)),
        )
        together.add(beside)
        const end = connections.subscribe({ complete: () => subscriber.complete() })
        return () => {
          remove()
          together.leave(beside)
          beside.dismiss()
          end.unsubscribe()
        }
      })
      return Object.assign(accepted, { [roster]: beside.roster })
    },
    drain: (options = {}) => begin(options),
    close() {
      unlisten()
      const deadline = acceptor.closeTimeout
      return begin({ code: CloseCode.goingAway, reason: 'server going away', deadline })
    },
  }
  return Object.assign(server, { [roster]: acceptor.roster })
}

const badRequest: Refusal = { status: 400, message: 'Not an upgrade request' }

// Node answers 408 by itself; it looks once an interval.
function handshakeLimits(timeout: number | undefined) {
  if (timeout === undefined) return { headersTimeout: 0, requestTimeout: 0 }
  return {
    headersTimeout: Math.ceil(timeout),
    requestTimeout: Math.max(Math.ceil(timeout), 300_000),
    connectionsCheckingInterval: Math.min(Math.max(Math.ceil(timeout / 4), 10), 5_000),
  }
}

// A request without `Connection: upgrade` never becomes an upgrade event, whatever it wanted.
function plainRefusal(
  request: IncomingMessage,
  path: string | undefined,
  known: boolean,
  answered: boolean,
): Refusal | undefined {
  const own = known || (path === undefined && (!answered || 'upgrade' in request.headers))
  if (own) return checkHandshake(request) ?? badRequest
  return answered ? undefined : { status: 404, message: 'There is nothing at this path' }
}

function respond(response: ServerResponse, { status, message, headers }: Refusal): void {
  response
    .writeHead(status, {
      Connection: 'close',
      'Content-Type': 'text/plain; charset=utf-8',
      ...headers,
    })
    .end(`${message}\n`)
}
