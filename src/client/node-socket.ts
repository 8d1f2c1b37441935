/** NodeSocket: opens a client's socket in Node, on `ws`. */

import { type ClientOptions, WebSocket } from 'ws'
import { HandshakeError } from '../errors.js'
import { WsSocket } from '../ws-socket.js'
import type { Dial, DialRequest } from './dial.js'

// Timers take no more.
const never = 2 ** 31 - 1

/** Starts the handshake with `ws`. */
export const dial: Dial = (request, answered) => {
  const ws = new WebSocket(request.url, [...request.protocols], optionsOf(request))
  const socket = new WsSocket(ws)
  ws.on('upgrade', ({ socket: tcp, headers }) => {
    socket.attach(tcp)
    const { remoteAddress } = tcp
    // ws reads which one was agreed upon behind this
    ws.once('open', () => answered({ protocol: ws.protocol, headers, remoteAddress }))
  })
  ws.on('open', () => socket.open())
  ws.on('unexpected-response', (_, response) => {
    const { statusCode: status = 0, headers } = response
    socket.refuse(new HandshakeError(`The server answered ${status}`, { status, headers }))
    ws.terminate()
  })
  return socket
}

function optionsOf(request: DialRequest): ClientOptions {
  const { headers, agent, tls, payload, closeTimeout = never } = request
  const options: ClientOptions = {
    // as bytes are taken too, whatever its types say
    ...(tls as ClientOptions | undefined),
    maxPayload: payload,
    perMessageDeflate: false,
    // not in its types yet
    ...{ closeTimeout },
  }
  if (headers) options.headers = { ...headers }
  // nobody can tell whether it is of the right kind: node:http says so when it is not
  return Object.assign(options, agent && { agent })
}
