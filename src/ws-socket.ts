/** WsSocket: a socket on `ws` and the TCP socket beneath it, for servers and for clients in Node. */

import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { Batch, enough } from './batch.js'
import { CloseCode } from './close.js'
import { Emitter } from './emitter.js'
import { ConnectionLostError, HandshakeError, ProtocolError, saidBy } from './errors.js'
import { highWater, lowWater, type Message, type Socket, type SocketEvents } from './socket.js'

// How a ws, and its TCP socket, find who adapts them: listeners of each would cost each its own.
const adapter = Symbol('adapter')

interface Adapted {
  [adapter]?: WsSocket
}

// Those that hold frames, or their TCP socket corked, until the end of the turn: each knows the next,
// as a list would be made anew in each turn.
const holding: { first: WsSocket | undefined; last: WsSocket | undefined } = {
  first: undefined,
  last: undefined,
}

function endTurn(): void {
  let socket = holding.first
  holding.first = holding.last = undefined
  while (socket) socket = socket.endTurn()
  Batch.forget()
}

/**
 * A `ws` that tells its adapter what happens, and says nothing by itself before what the adapter
 * still holds. It has no listeners for that: they would take a table in each of thousands.
 */
export class OrderlyWebSocket extends WebSocket {
  declare [adapter]?: WsSocket

  override emit(event: string | symbol, first?: unknown, second?: unknown): boolean {
    const to = this[adapter]
    switch (event) {
      case 'message':
        // the default binaryType, 'nodebuffer', makes it a Buffer
        to?.received(first as Buffer, second as boolean)
        return true
      case 'ping':
        to?.pinged(first as Buffer)
        to?.controlled()
        return true
      case 'pong':
        to?.ponged()
        return true
      case 'close':
        to?.closed(first as number, String(second))
        return true
      case 'error':
        if (this.listenerCount('error') > 0) super.emit('error', first)
        to?.failed(first as Error)
        return true
      default:
        return super.emit(event, first, second)
    }
  }

  override close(code?: number, reason?: string | Buffer): void {
    this[adapter]?.settle()
    super.close(code, reason)
  }

  override pong(data?: unknown, mask?: boolean, written?: (error: Error) => void): void {
    this[adapter]?.settle()
    super.pong(data, mask, written)
  }
}

/**
 * What is sent in one turn leaves in one write, at its end. A server's small frames are made here
 * and joined; everything else is written by `ws` while the TCP socket is corked.
 */
export class WsSocket extends Emitter<SocketEvents> implements Socket {
  readonly #ws: OrderlyWebSocket
  // there is none before the handshake of a client is done
  #tcp:
    (Duplex & Adapted & { readonly bytesRead?: number; readonly bytesWritten?: number }) | undefined
  readonly #framed: boolean
  #sent: number | undefined
  #refusal = false
  #terminated = false
  #backedUp = false
  #refused = 0
  messagesRead = 0
  #onWritten: ((error?: Error | null) => void) | undefined
  // pongs that are on their way, and the last ping that waits for one of them to be gone
  #pongs = 0
  #unanswered: Buffer | undefined
  #ponged: (() => void) | undefined
  // told of the next pong
  #answered: (() => void) | undefined
  // a server's small frames of this turn
  #batch: Batch | undefined
  // whether this turn's bytes wait in the TCP socket, of how many messages, and of how many last time
  #corked = false
  #corkedMessages = 0
  #burst = false
  // whether the message is still on its way that went without waiting
  #ahead = false
  // whether it is among those whose turn will be ended, and who comes behind it
  #holds = false
  #behind: WsSocket | undefined
  // the message in pieces that is on its way: refused once, however many of them are
  #parts: { refused: boolean } | undefined

  // made with the first message: many connections wait for theirs for long
  get #written(): (error?: Error | null) => void {
    return (this.#onWritten ??= error => {
      if (error) this.#refused++
      this.#ahead = false
      this.#drained()
    })
  }

  #drained(): void {
    if (this.#terminated || !this.#backedUp || this.bufferedAmount > lowWater) return
    this.#backedUp = false
    this.tell('drain', undefined)
  }

  /** `framed`: whether this side's frames have no mask and no extension changes them. */
  constructor(ws: OrderlyWebSocket, framed = false) {
    super()
    this.#ws = ws
    this.#framed = framed
    ws[adapter] = this
  }

  /** The TCP socket beneath: only it says what has come in, and why it broke. */
  attach(tcp: Duplex): void {
    this.#tcp = tcp
    this.#tcp[adapter] = this
    tcp.on('error', onLost)
  }

  /** Tells that it is open: on a server `ws` is so before anybody could listen. */
  open(): void {
    this.tell('open', undefined)
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount + (this.#batch?.bytes ?? 0)
  }

  get bytesRead(): number {
    return this.#tcp?.bytesRead ?? 0
  }

  // Without what waits: that may never go, and then TCP counts it no more.
  get bytesWritten(): number {
    const { bytesWritten, writableLength = 0 } = this.#tcp ?? {}
    return bytesWritten === undefined ? 0 : bytesWritten - writableLength
  }

  get refused(): number {
    return this.#refused
  }

  send(message: Message): void {
    if (this.#joins()) {
      if (this.#held().add(message)) {
        this.#added()
        return
      }
      // large enough to be a write of its own
      this.flush()
    } else {
      this.#cork()
    }
    this.#ws.send(message, this.#written)
    this.#judge()
  }

  sendFrame(frame: Uint8Array, message: Message): void {
    if (this.#joins()) {
      this.#held().addFrame(frame)
      this.#added()
    } else {
      this.send(message)
    }
  }

  sendFragment(piece: Uint8Array, last: boolean): void {
    this.flush()
    const message = (this.#parts ??= { refused: false })
    if (last) this.#parts = undefined
    this.#ws.send(piece, { binary: true, fin: last }, error => {
      if (error && !message.refused) this.#refused++
      message.refused ||= Boolean(error)
      this.#drained()
    })
    this.#judge()
  }

  // Not behind a Close frame that ws has sent by itself, and not past an extension that would have
  // changed the frame.
  #joins(): boolean {
    // eslint-disable-next-line no-restricted-syntax
    return this.#framed && this.#tcp !== undefined && this.#ws.readyState === this.#ws.OPEN
  }

  #held(): Batch {
    if (this.#batch) return this.#batch
    this.#hold()
    return (this.#batch = new Batch())
  }

  #added(): void {
    if ((this.#batch?.bytes ?? 0) >= enough) this.flush()
    this.#judge()
  }

  // A lone message is not to pay for a turn: the first goes ahead, those behind it are held, and from
  // the first on where the last turn had several.
  #cork(): void {
    if (!this.#tcp) return
    if (!this.#corked) {
      if (!this.#ahead && !this.#burst) {
        this.#ahead = true
        return
      }
      this.#hold()
      this.#corked = true
      this.#corkedMessages = 0
      this.#tcp.cork()
    }
    this.#corkedMessages++
  }

  #hold(): void {
    if (this.#holds) return
    this.#holds = true
    if (holding.last) {
      holding.last.#behind = this
    } else {
      holding.first = this
      process.nextTick(endTurn)
    }
    holding.last = this
  }

  /** Writes what waits; returns who comes next. */
  endTurn(): WsSocket | undefined {
    const next = this.#behind
    this.#behind = undefined
    this.#holds = false
    this.flush()
    return next
  }

  /** Writes the frames that wait here; those that wait in the TCP socket are in order already. */
  settle(): void {
    if (this.#batch) this.flush()
  }

  /** Writes what waits for the end of the turn. */
  flush(): void {
    if (this.#corked) {
      this.#corked = false
      this.#burst = this.#corkedMessages > 1
      this.#tcp?.uncork()
    }
    const batch = this.#batch
    if (!batch || !this.#tcp) return
    this.#batch = undefined
    const { messages } = batch
    // eslint-disable-next-line no-restricted-syntax
    if (this.#ws.readyState !== this.#ws.OPEN) {
      // TCP has ended in this very turn
      this.#refused += messages
      return
    }
    // what is not taken at once may stay for long
    const bytes = batch.join(this.#tcp.writableLength > 0)
    this.#tcp.write(
      bytes,
      messages === 1
        ? this.#written
        : error => {
            if (error) this.#refused += messages
            this.#drained()
          },
    )
  }

  #judge(): void {
    if (this.#corked && this.#ws.bufferedAmount >= enough) this.flush()
    if (!this.#backedUp && this.bufferedAmount >= highWater) this.#backedUp = true
  }

  close(code?: number, reason?: string): void {
    if (!this.#tcp) {
      this.terminate()
      return
    }
    // Not a decision, only which frame went first: ws may have answered the peer's Close by itself.
    // eslint-disable-next-line no-restricted-syntax
    if (this.#ws.readyState === this.#ws.OPEN) this.#sent = code ?? CloseCode.noCode
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#terminated = true
    this.flush()
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  ping(answered?: () => void): void {
    this.flush()
    if (answered) this.#answered = answered
    this.#ws.ping()
  }

  received(data: Buffer, isBinary: boolean): void {
    this.messagesRead++
    if (this.#terminated || this.listenerCount('message') === 0) return
    this.tell('message', isBinary ? data : data.toString())
  }

  /** A pong came in. */
  ponged(): void {
    const answered = this.#answered
    this.#answered = undefined
    answered?.()
    this.controlled()
  }

  controlled(): void {
    if (!this.#terminated) this.tell('control', undefined)
  }

  /**
   * Answers a ping. Of those that come while many answers wait for a peer that does not read, the last
   * is answered (RFC 6455, section 5.5.3); left to itself `ws` drops the connection without a word.
   */
  pinged(data: Buffer): void {
    if (this.#pongs === mostPongs) {
      this.#unanswered = data
      return
    }
    this.#pongs++
    this.#ponged ??= () => {
      this.#pongs--
      const next = this.#unanswered
      this.#unanswered = undefined
      if (next) this.pinged(next)
    }
    this.#ws.pong(data, undefined, this.#ponged)
  }

  failed(error: Error & { code?: string }): void {
    if (this.#terminated) return
    if (!this.#tcp) {
      this.refuse(new HandshakeError(saidBy(error), { cause: error }))
      return
    }
    const violation = violationOf(error.code ?? '')
    if (violation === undefined) {
      this.tell('error', new ConnectionLostError(error.message, { cause: error }))
      return
    }
    this.#sent ??= violation
    const message = `The peer broke the protocol: ${error.message}`
    this.tell('error', new ProtocolError(message, { cause: error, closeCode: violation }))
  }

  /** The handshake failed; what `ws` says of it besides is no news. */
  refuse(error: HandshakeError): void {
    if (this.#refusal) return
    this.#refusal = true
    this.tell('error', error)
  }

  closed(code: number, reason: string): void {
    this.#tcp?.off('error', onLost)
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

// For a peer that sends many pings in one go, and reads the answers afterwards.
const mostPongs = 1_024

// data that zlib does not decompress is its own error, whatever is wrong with it
const violationOf = (code: string) => (code.startsWith('Z_') ? 1007 : violations[code])

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

function onLost(this: Duplex & Adapted, error: Error): void {
  this[adapter]?.failed(error)
}
