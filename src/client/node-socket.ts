/** NodeSocket: opens a client's socket in Node, on `ws`. */

import { WebSocket } from 'ws'
import { HandshakeError } from '../errors.js'
import { WsSocket } from '../ws-socket.js'

/** What `ws` takes to open a connection; times in ms, sizes in bytes. */
export interface NodeSocketOptions {
  readonly closeTimeout: number
  readonly maxPayload: number
}

/** Starts the handshake; `open`, or `error` and `close`, tell how it went. */
export function openNodeSocket(url: string, options: NodeSocketOptions): WsSocket {
  const ws = new WebSocket(url, { ...options, perMessageDeflate: false })
  const socket = new WsSocket(ws)
  ws.on('upgrade', response => socket.attach(response.socket))
  ws.on('open', () => socket.open())
  ws.on('unexpected-response', (_, response) => {
    const { statusCode: status = 0, headers } = response
    socket.refuse(new HandshakeError(`The server answered ${status}`, { status, headers }))
    ws.terminate()
  })
  return socket
}
