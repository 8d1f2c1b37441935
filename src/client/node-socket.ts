/** NodeSocket: opens a client's socket in Node, on `ws`. */

import type { IncomingMessage } from 'node:http'
import type { ClientOptions } from 'ws'
import { readCompression } from '../compression.js'
import { HandshakeError } from '../errors.js'
import { OrderlyWebSocket, WsSocket } from '../ws-socket.js'
import type { Dial, DialRequest } from './dial.js'

// Timers take no more.
const never = 2 ** 31 - 1

/** Starts the handshake with `ws`. */
export const dial: Dial = (request, answered) => {
  const ws = new OrderlyWebSocket(request.url, [...request.protocols], optionsOf(request))
  const socket = new WsSocket(ws)
  // an answer of 101 that ws may refuse yet: before it is open no connection can be lost
  let answer: IncomingMessage | undefined
  ws.on('upgrade', response => (answer = response))
  ws.on('error', (cause: Error) => {
    if (!answer) return
    const { statusCode: status = 101, headers } = answer
    socket.refuse(new HandshakeError(cause.message, { status, headers, cause }))
  })
  ws.on('open', () => {
    if (answer) {
      const { socket: tcp, headers } = answer
      socket.attach(tcp)
      answered({ protocol: ws.protocol, headers, remoteAddress: tcp.remoteAddress })
    }
    answer = undefined
    socket.open()
  })
  ws.on('unexpected-response', (_, response) => {
    const { statusCode: status = 0, headers } = response
    socket.refuse(new HandshakeError(`The server answered ${status}`, { status, headers }))
    ws.terminate()
  })
  return socket
}

function optionsOf(request: DialRequest): ClientOptions {
  const { headers, agent, tls, payload, fragments, compression, closeTimeout = never } = request
  const options: ClientOptions = {
    // as bytes are taken too, whatever its types say
    ...(tls as ClientOptions | undefined),
    autoPong: false,
    maxPayload: payload,
    perMessageDeflate: readCompression('compression', compression),
    // not in its types yet
    ...{ closeTimeout, maxFragments: fragments },
  }
  if (headers) options.headers = { ...headers }
  // nobody can tell whether it is of the right kind: node:http says so when it is not
  return Object.assign(options, agent && { agent })
}
