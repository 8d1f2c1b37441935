import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer, type ServerOptions as TlsServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { event } from './event.js'
import { Mailbox } from './mailbox.js'

/** A client as the server of `ws` sees it: what it sent is kept until somebody asks for it. */
export interface Peer {
  readonly ws: WebSocket
  readonly request: IncomingMessage
  readonly got: Mailbox<string | Buffer>
  /** The code and reason that it saw. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** A WebSocket server that is not ours. */
export interface WsServer {
  readonly wss: WebSocketServer
  readonly port: number
  readonly url: string
  /** The clients that have connected. */
  readonly peers: Mailbox<Peer>
  /** How many TCP connections it has seen. */
  readonly seen: number
}

/** Listens, with TLS if `tls` is given. The test's end drops it, and whom it has. */
export async function wsServing(
  options: ServerOptions = {},
  tls?: TlsServerOptions,
): Promise<WsServer> {
  const http = tls ? createTlsServer(tls) : createServer()
  const wss = new WebSocketServer({ ...options, server: http })
  const peers = new Mailbox<Peer>()
  let seen = 0
  http.on('connection', () => seen++)
  // a client that does not trust this server is no fault of it
  http.on('tlsClientError', () => undefined)
  wss.on('connection', (ws, request) => peers.put(peerOf(ws, request)))
  http.listen(0, '127.0.0.1')
  await event(http, 'listening')
  onTestFinished(async () => {
    for (const ws of wss.clients) ws.terminate()
    wss.close()
    http.close()
    http.closeAllConnections()
    await event(http, 'close')
  })
  const { port } = http.address() as AddressInfo
  return {
    wss,
    port,
    url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}`,
    peers,
    get seen() {
      return seen
    },
  }
}

function peerOf(ws: WebSocket, request: IncomingMessage): Peer {
  const got = new Mailbox<string | Buffer>()
  ws.on('message', (data: Buffer, isBinary) => got.put(isBinary ? data : data.toString()))
  ws.on('error', () => undefined)
  const closed = new Promise<{ code: number; reason: string }>(resolve =>
    ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
  return { ws, request, got, closed }
}
