/** Upgrader: completes handshakes with `ws`. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Deflate } from '../compression.js'
import { OrderlyWebSocket, WsSocket } from '../ws-socket.js'
import { declineOffers } from './decline.js'

/**
 * Completes a handshake that was found to be good: the socket is open when it is handed over. It is
 * not when the client has left already.
 */
export type Upgrader = (
  request: IncomingMessage,
  tcp: Duplex,
  head: Buffer,
  protocol: string,
  opened: (socket: WsSocket) => void,
) => void

/** Bounds in bytes and ms. */
export interface UpgraderOptions {
  readonly payload: number
  readonly closeTimeout: number
  readonly fragments: number
  readonly deflate: Deflate
}

export function createUpgrader(options: UpgraderOptions): Upgrader {
  const { payload, closeTimeout, fragments, deflate } = options
  // ws asks for it while it completes a handshake, in the same turn
  let chosen = ''
  const server = new WebSocketServer({
    noServer: true,
    WebSocket: OrderlyWebSocket,
    clientTracking: false,
    autoPong: false,
    maxPayload: payload,
    handleProtocols: () => chosen || false,
    perMessageDeflate: deflate,
    // not in its types yet
    ...{ closeTimeout, maxFragments: fragments },
  })
  return (request, tcp, head, protocol, opened) => {
    chosen = protocol
    declineOffers(request, deflate)
    let made: OrderlyWebSocket | undefined
    try {
      server.handleUpgrade(request, tcp, head, ws => (made = ws))
    } catch {
      process.emitWarning(
        'accept: another upgrade listener has taken this request too, and was first; give each a path',
      )
    }
    if (!made) return
    const socket = new WsSocket(made, made.extensions === '')
    socket.attach(tcp)
    opened(socket)
  }
}
