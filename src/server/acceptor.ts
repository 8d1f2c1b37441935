/** Acceptor: turns upgrade requests into connections, by one set of options. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { WebSocketServer } from 'ws'
import { type Codec, plain } from '../codec.js'
import {
  type Connection,
  type Handler,
  type Settings,
  SocketConnection,
} from '../connection/connection.js'
import type { Handshake } from '../connection/handshake.js'
import { createRoot } from '../connection/root.js'
import { callable, duration, group, shaped, text, whole } from '../option.js'
import { type Random, systemRandom } from '../random.js'
import type { Message } from '../socket.js'
import { type CheckOrigin, sameOrigin } from './origin.js'
import { checkHandshake, checkOriginOf, type Refusal, refuse } from './upgrade.js'
import { WsSocket } from './ws-socket.js'

/** How a server accepts connections. Every option has a default. */
export interface AcceptOptions<In = Message, Out = Message> {
  /** The one path that is accepted, such as `'/ws'`. Default: every path. */
  path?: string | undefined
  /** What messages mean. Default: text and binary as they come. */
  codec?: Codec<In, Out> | undefined
  /** Called for every request; anything but `true` is a 403. Default: {@link sameOrigin}. */
  checkOrigin?: CheckOrigin | undefined
  /** Deadlines in ms; `false` is off. */
  timeouts?: Timeouts | undefined
  /** What waits while the socket is backed up; over a bound the connection closes with 1013. */
  outbox?: { bytes?: number | undefined; messages?: number | undefined } | undefined
  /** What waits to be read by `for await` before reading pauses. */
  inbox?: { bytes?: number | undefined } | undefined
  limits?: Limits | undefined
  /** The clock. Default: `asyncScheduler`. */
  scheduler?: SchedulerLike | undefined
  /** The dice: a number from 0 up to, but not including, 1. */
  random?: Random | undefined
}

/** Deadlines in ms, each more than 0 and less than 2^31; `false` is off. */
export interface Timeouts {
  /** For the request's headers, on the HTTP server that `serve` makes: then 408. Default 10 s. */
  handshake?: number | false | undefined
  /** For flushing and the peer's Close frame: then the socket is terminated. Default 5 s. */
  close?: number | false | undefined
}

/** Bounds, each with what happens beyond it. */
export interface Limits {
  /** Bytes of one message: a larger one closes with 1009. Default 1 MiB. */
  payload?: number | undefined
  /** Connections at a time: one more is a 503 with `Retry-After`. Default 10,000. */
  connections?: number | undefined
}

const mebibyte = 1024 * 1024
const most = 2 ** 31 - 1

export const acceptOptionNames = [
  'path',
  'codec',
  'checkOrigin',
  'timeouts',
  'outbox',
  'inbox',
  'limits',
  'scheduler',
  'random',
] as const

export class Acceptor<In, Out> {
  readonly path: string | undefined
  readonly handshakeTimeout: number | undefined
  /** All that are not closed. */
  readonly connections = new Set<Connection<In, Out>>()
  /** Why nobody may come in any more. */
  refusal: Refusal | undefined
  readonly #checkOrigin: CheckOrigin
  readonly #most: number
  readonly #upgrader: WebSocketServer
  readonly #settings: Settings<In, Out, unknown>
  readonly #name: string
  #count = 0

  constructor(
    name: string,
    options: AcceptOptions<In, Out>,
    handler: Handler<In, Out> | undefined,
  ) {
    const at = (option: string) => `${name}: ${option}`
    const timeouts = group(at('timeouts'), options.timeouts, ['handshake', 'close'])
    const outbox = group(at('outbox'), options.outbox, ['bytes', 'messages'])
    const inbox = group(at('inbox'), options.inbox, ['bytes'])
    const limits = group(at('limits'), options.limits, ['payload', 'connections'])
    const closeTimeout = duration(at('timeouts.close'), timeouts.close, 5_000)
    const scheduler = shaped(at('scheduler'), options.scheduler, asyncScheduler, [
      'schedule',
      'now',
    ])
    const random = callable(at('random'), options.random) ?? systemRandom
    const preset = plain as unknown as Codec<In, Out>
    this.path = text(at('path'), options.path, /^\/[^?#\s]*$/, `a path like '/ws'`)
    this.handshakeTimeout = duration(at('timeouts.handshake'), timeouts.handshake, 10_000)
    this.#checkOrigin = callable(at('checkOrigin'), options.checkOrigin) ?? sameOrigin
    this.#most = whole(at('limits.connections'), limits.connections, 10_000, 1, most)
    this.#settings = {
      codec: shaped(at('codec'), options.codec, preset, ['decode', 'encode']),
      handler: callable(at('handler'), handler),
      // the HTTP server has waited for the handshake: a connection is open from birth
      timeouts: { handshake: undefined, close: closeTimeout },
      outbox: {
        bytes: whole(at('outbox.bytes'), outbox.bytes, mebibyte, 1, most),
        messages: whole(at('outbox.messages'), outbox.messages, 10_000, 1, most),
      },
      inboxBytes: whole(at('inbox.bytes'), inbox.bytes, mebibyte, 1, most),
      scheduler,
      root: createRoot(scheduler),
      ended: connection => this.connections.delete(connection),
    }
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: whole(at('limits.payload'), limits.payload, mebibyte, 1, most),
      ...{ closeTimeout: closeTimeout ?? most },
    })
    this.#name = Math.floor(random() * 2 ** 48).toString(36)
  }

  /** Makes the request a connection and hands it on, or refuses it. */
  take(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (connection: Connection<In, Out>) => void,
  ): void {
    // between the upgrade and ws nobody else listens, and an ECONNRESET would end the process
    socket.on('error', destroy)
    const refusal =
      checkHandshake(request) ?? checkOriginOf(request, this.#checkOrigin) ?? this.#full()
    if (refusal) {
      refuse(socket, refusal)
      return
    }
    this.#upgrader.handleUpgrade(request, socket, head, ws => {
      socket.off('error', destroy)
      const adapter = new WsSocket(ws, socket)
      const id = `${this.#name}-${(this.#count++).toString(36)}`
      const connection = new SocketConnection(
        this.#settings,
        adapter,
        handshakeOf(request, ws.protocol),
        id,
      )
      this.connections.add(connection)
      adapter.open()
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
