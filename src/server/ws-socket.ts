/** WsSocket: the socket of a server's connection, on `ws` and the TCP socket beneath it. */

import type { IncomingMessage } from 'node:http'

import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { CloseCode } from '../close.js'
import { Emitter } from '../emitter.js'
import { ConnectionLostError, ProtocolError } from '../errors.js'
import { highWater, lowWater, type Message, type Socket, type SocketEvents } from '../socket.js'

// Listeners are shared by all sockets and find theirs here: closures would cost each its own.
const adapter = Symbol('adapter')

interface Adapted {
  [adapter]?: WsSocket
}

export class WsSocket extends Emitter<SocketEvents> implements Socket {
  readonly #ws: WebSocket & Adapted
  readonly #tcp: Duplex & Adapted & { readonly bytesRead?: number }
  #sent: number | undefined
  #terminated = false
  #backedUp = false
  #refused = 0
  readonly #written = (error?: Error | null): void => {
    if (error) this.#refused++
    if (!this.#backedUp || this.#ws.bufferedAmount > lowWater) return
    this.#backedUp = false
    this.tell('drain', undefined)
  }

  constructor(ws: WebSocket, tcp: Duplex) {
    super()
    this.#ws = ws
    this.#tcp = tcp
    this.#ws[adapter] = this
    this.#tcp[adapter] = this
    ws.on('message', onMessage)
    ws.on('close', onClose)
    ws.on('error', onError)
    tcp.on('error', onLost)
  }

  /** Tells that it is open: `ws` did so before anybody could listen. */
  open(): void {
    this.tell('open', undefined)
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount
  }

  get bytesRead(): number {
    return this.#tcp.bytesRead ?? 0
  }

  get refused(): number {
    return this.#refused
  }

  send(message: Message): void {
    this.#ws.send(message, this.#written)
    if (!this.#backedUp && this.#ws.bufferedAmount >= highWater) this.#backedUp = true
  }

  close(code?: number, reason?: string): void {
    // Not a decision, only which frame went first: ws may have answered the peer's Close by itself.
    // eslint-disable-next-line no-restricted-syntax
    if (this.#ws.readyState === this.#ws.OPEN) this.#sent = code ?? CloseCode.noCode
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#terminated = true
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  ping(): void {
    this.#ws.ping()
  }

  received(data: Buffer, isBinary: boolean): void {
    if (this.#terminated || this.listenerCount('message') === 0) return
    this.tell('message', isBinary ? data : data.toString())
  }

  failed(error: Error & { code?: string }): void {
    if (this.#terminated) return
    const violation = violations[error.code ?? '']
    if (violation === undefined) {
      this.tell('error', new ConnectionLostError(error.message, { cause: error }))
      return
    }
    this.#sent ??= violation
    const message = `The peer broke the protocol: ${error.message}`
    this.tell('error', new ProtocolError(message, { cause: error, closeCode: violation }))
  }

  closed(code: number, reason: string): void {
    this.#ws.off('message', onMessage).off('close', onClose)
    this.#tcp.off('error', onLost)
    const clean = code !== CloseCode.abnormal
    // ws answers a Close frame with its own code
    const answered = clean && this.#sent === undefined
    const sent = answered ? code : this.#sent
    this.tell('close', {
      code,
      reason,
      ...(sent !== undefined && { sent }),
      ...(clean && { received: code }),
      ...(answered && { answered }),
      ...(this.#terminated && { terminated: true }),
    })
  }
}

// The Close frame that ws sends for each of its errors (RFC 6455, section 7.4.1).
const violations: Readonly<Record<string, number>> = {
  WS_ERR_EXPECTED_FIN: 1002,
  WS_ERR_EXPECTED_MASK: 1002,
  WS_ERR_INVALID_CLOSE_CODE: 1002,
  WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH: 1002,
  WS_ERR_INVALID_OPCODE: 1002,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNEXPECTED_MASK: 1002,
  WS_ERR_UNEXPECTED_RSV_1: 1002,
  WS_ERR_UNEXPECTED_RSV_2_3: 1002,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
}

function onMessage(this: WebSocket & Adapted, data: RawData, isBinary: boolean): void {
  // the default binaryType, 'nodebuffer', makes it a Buffer
  this[adapter]?.received(data as Buffer, isBinary)
}

function onClose(this: WebSocket & Adapted, code: number, reason: Buffer): void {
  this[adapter]?.closed(code, reason.toString())
}

// stays for good: an error of a ws without a listener ends the process
function onError(this: WebSocket & Adapted, error: Error): void {
  this[adapter]?.failed(error)
}

function onLost(this: Duplex & Adapted, error: Error): void {
  this[adapter]?.failed(error)
}

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
    server.handleUpgrade(request, tcp, head, ws => opened(new WsSocket(ws, tcp), ws.protocol))
  }
}
