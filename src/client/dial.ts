/** Dial: how a client opens a socket. The platform's own way is `#dial`; a test brings another. */

import type { SchedulerLike } from 'rxjs'
import type { CompressionOptions } from '../compression.js'
import type { Socket } from '../socket.js'
import type { HttpAgent, TlsOptions } from './node-options.js'

/** What a handshake is made of. */
export interface DialRequest {
  /** The whole address, `ws:` or `wss:`. */
  readonly url: string
  /** The subprotocols to offer, the best first; empty for none. */
  readonly protocols: readonly string[]
  /** Headers of the request, where the platform lets a client choose any. */
  readonly headers: Readonly<Record<string, string>> | undefined
  /** The agent of `node:http` to connect with; `undefined` is the platform's own. */
  readonly agent: HttpAgent | undefined
  /** Certificates and whom to trust; `undefined` is what the platform does by itself. */
  readonly tls: TlsOptions | undefined
  /** Bytes of one message: a larger one is answered with 1009. */
  readonly payload: number
  /** Frames of one message: one in more is answered with 1008, where frames are seen. */
  readonly fragments: number
  /** Whether to offer compression, and how (RFC 7692). */
  readonly compression: CompressionOptions | boolean
  /** For the peer's Close frame, in ms; `undefined` is off. */
  readonly closeTimeout: number | undefined
  /** The clock of the connection. */
  readonly scheduler: SchedulerLike
}

/** What a server has answered; a browser tells the subprotocol and nothing else. */
export interface Answer {
  /** The subprotocol that was agreed upon; empty for none. */
  readonly protocol: string
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  /** The IP address of the server. */
  readonly remoteAddress?: string | undefined
}

/**
 * Starts a handshake. `answered` is called before the socket tells `open`; what goes wrong is an
 * `error` and a `close` of the socket, or is thrown.
 */
export interface Dial {
  (request: DialRequest, answered: (answer: Answer) => void): Socket
  /** The options that it can't honour: who gives one gets a `TypeError`. */
  readonly lacks?: readonly ('headers' | 'agent' | 'tls' | 'compression')[]
}
