/** Upgrader: completes handshakes with `ws`. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { WsSocket } from '../ws-socket.js'

/** Completes a handshake that was found to be good: the socket is open when it is handed over. */
export type Upgrader = (
  request: IncomingMessage,
  tcp: Duplex,
  head: Buffer,
  opened: (socket: WsSocket, protocol: string) => void,
) => void

/** Bounds in bytes and ms. */
export function createUpgrader(maxPayload: number, closeTimeout: number): Upgrader {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload,
    // none is agreed upon: left alone, ws takes the first that a client names
    handleProtocols: () => false,
    // not in its types yet
    ...{ closeTimeout },
  })
  return (request, tcp, head, opened) => {
    server.handleUpgrade(request, tcp, head, ws => {
      const socket = new WsSocket(ws, ws.extensions === '')
      socket.attach(tcp)
      opened(socket, ws.protocol)
    })
  }
}
