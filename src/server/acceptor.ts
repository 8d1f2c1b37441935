/** Acceptor: turns upgrade requests into connections, by one set of options. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import type { SchedulerLike } from 'rxjs'
import type { Connection, Handler } from '../connection/connection.js'
import { SocketConnection } from '../connection/socket-connection.js'
import type { Handshake } from '../connection/handshake.js'
import { ids } from '../connection/id.js'
import {
  connectionOptionNames,
  type ConnectionOptions,
  mebibyte,
  most,
  readSettings,
  type Settings,
} from '../connection/settings.js'
import { callable, group, text, whole } from '../option.js'
import type { Message } from '../socket.js'
import { type CheckOrigin, sameOrigin } from './origin.js'
import { checkHandshake, checkOriginOf, type Refusal, refuse } from './upgrade.js'
import { createUpgrader, type Upgrader } from './upgrader.js'

/** How a server accepts connections. Every option has a default. */
export interface AcceptOptions<In = Message, Out = Message> extends ConnectionOptions<In, Out> {
  /** The one path that is accepted, such as `'/ws'`. Default: every path. */
  path?: string | undefined
  /** Called for every request; anything but `true` is a 403. Default: {@link sameOrigin}. */
  checkOrigin?: CheckOrigin | undefined
  limits?: Limits | undefined
}

/** Bounds, each with what happens beyond it. */
export interface Limits {
  /** Bytes of one message: a larger one closes with 1009. Default 1 MiB. */
  payload?: number | undefined
  /** Connections at a time: one more is a 503 with `Retry-After`. Default 10,000. */
  connections?: number | undefined
}

export const acceptOptionNames = [
  ...connectionOptionNames,
  'path',
  'checkOrigin',
  'limits',
] as const

export class Acceptor<In, Out> {
  readonly path: string | undefined
  readonly handshakeTimeout: number | undefined
  readonly closeTimeout: number | undefined
  readonly scheduler: SchedulerLike
  /** All that are not closed. */
  readonly connections = new Set<SocketConnection<In, Out, unknown>>()
  /** Why nobody may come in any more. */
  refusal: Refusal | undefined
  /** Told when a connection is gone. */
  gone: (() => void) | undefined
  readonly #checkOrigin: CheckOrigin
  readonly #most: number
  readonly #upgrade: Upgrader
  readonly #settings: Settings<In, Out, unknown>
  readonly #id: () => string

  constructor(
    name: string,
    options: AcceptOptions<In, Out>,
    handler: Handler<In, Out> | undefined,
  ) {
    const at = (option: string) => `${name}: ${option}`
    const limits = group(at('limits'), options.limits, ['payload', 'connections'])
    const settings = readSettings(name, 'server', options, handler)
    const { timeouts, random } = settings
    this.path = text(at('path'), options.path, /^\/[^?#\s]*$/, `a path like '/ws'`)
    this.handshakeTimeout = timeouts.handshake
    this.closeTimeout = timeouts.close
    this.scheduler = settings.scheduler
    this.#checkOrigin = callable(at('checkOrigin'), options.checkOrigin) ?? sameOrigin
    this.#most = whole(at('limits.connections'), limits.connections, 10_000, 1, most)
    this.#settings = {
      ...settings,
      // the HTTP server has waited for the handshake: a connection is open from birth
      timeouts: { ...timeouts, handshake: undefined },
      ended: connection => {
        const all: Set<unknown> = this.connections
        all.delete(connection)
        this.gone?.()
      },
    }
    this.#upgrade = createUpgrader(
      whole(at('limits.payload'), limits.payload, mebibyte, 1, most),
      timeouts.close ?? most,
    )
    this.#id = ids(random)
  }

  /** Makes the request a connection and hands it on, or refuses it. */
  take(
    request: IncomingMessage,
    tcp: Duplex,
    head: Buffer,
    opened: (connection: Connection<In, Out>) => void,
  ): void {
    // between the upgrade and ws nobody else listens, and an ECONNRESET would end the process
    tcp.on('error', destroy)
    const refusal =
      checkHandshake(request) ?? checkOriginOf(request, this.#checkOrigin) ?? this.#full()
    if (refusal) {
      if (refusal.cause !== undefined)
        process.emitWarning(`checkOrigin threw ${inspect(refusal.cause)}`)
      refuse(tcp, refusal)
      return
    }
    this.#upgrade(request, tcp, head, (socket, protocol) => {
      tcp.off('error', destroy)
      const connection = new SocketConnection(
        this.#settings,
        socket,
        handshakeOf(request, protocol),
        this.#id(),
      )
      this.connections.add(connection)
      socket.open()
      opened(connection)
    })
  }

  #full(): Refusal | undefined {
    if (this.refusal || this.connections.size < this.#most) return this.refusal
    return { status: 503, message: 'Too many connections', headers: { 'Retry-After': '30' } }
  }
}

function destroy(this: Duplex): void {
  this.destroy()
}

function handshakeOf(request: IncomingMessage, protocol: string): Handshake {
  return {
    url: request.url ?? '',
    headers: request.headers,
    origin: request.headers.origin,
    remoteAddress: request.socket.remoteAddress,
    protocol,
    principal: undefined,
  }
}
