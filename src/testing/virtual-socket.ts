/** VirtualSocket: one end of a virtual wire. It behaves as `ws` does, without a network. */

import type { SchedulerLike, Subscription } from 'rxjs'
import { CloseCode, isSendable } from '../close.js'
import { Emitter } from '../emitter.js'
import { ConnectionLostError, HandshakeError, ProtocolError } from '../errors.js'
import {
  byteLength,
  highWater,
  lowWater,
  type Message,
  type Socket,
  type SocketEvents,
} from '../socket.js'
import { Farewell } from './farewell.js'
import { type Frame, frameOf, joined, messageOf, type Segment, sizeOf } from './frame.js'
import type { Lane } from './lane.js'

const mostReason = 123

export class VirtualSocket extends Emitter<SocketEvents> implements Socket {
  readonly #scheduler: SchedulerLike
  readonly #out: Lane
  readonly #in: Lane
  readonly #closeTimeout: number
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting'
  readonly #farewell = new Farewell()
  #destroyed = false
  #endSent = false
  #endReceived = false
  #backedUp = false
  #refusing = false
  #lost = 0
  readonly #parts: Uint8Array[] = []
  #deadline: Subscription | undefined
  #bytesRead = 0
  bytesWritten = 0
  // the ping that waits for its pong
  #answered: (() => void) | undefined
  messagesRead = 0
  refused = 0
  /** What it answers by itself: a scripted peer may be silent. */
  answers = true
  /** Told of each frame that comes in. */
  onFrame: (frame: Frame) => void = () => undefined
  /** Told of each frame that is handed to the wire. */
  onWrite: (frame: Frame) => void = () => undefined

  constructor(scheduler: SchedulerLike, out: Lane, incoming: Lane, closeTimeout = 30_000) {
    super()
    this.#scheduler = scheduler
    this.#out = out
    this.#in = incoming
    this.#closeTimeout = closeTimeout
    incoming.deliver = chunk => this.#receive(chunk)
    out.written = () => this.#written()
  }

  get connecting(): boolean {
    return this.#state === 'connecting'
  }

  /** Asks the far end for a handshake, over the wire. */
  request(): void {
    this.#out.write('request')
  }

  /** The handshake is done. */
  open(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    this.tell('open', undefined)
  }

  /** The handshake fails: with a status, or without an answer at all. */
  refuse(error: HandshakeError | ConnectionLostError): void {
    if (this.#state !== 'connecting') return
    this.tell('error', error)
    this.#disconnect()
  }

  /** The connection breaks, and this end notices. */
  reset(): void {
    if (this.#state === 'closed') return
    this.#out.cut()
    const message = 'read ECONNRESET'
    this.tell(
      'error',
      this.connecting ? new HandshakeError(message) : new ConnectionLostError(message),
    )
    this.#disconnect()
  }

  /** What came in breaks the protocol: the code is sent, and 1006 is how it ends here. */
  violate(code: number): void {
    if (this.#state !== 'open' && this.#state !== 'closing') return
    this.#farewell.violated = true
    if (this.#farewell.sent === undefined) this.close(code)
    else this.#end()
    this.tell(
      'error',
      new ProtocolError(`The peer broke the protocol: ${code}`, { closeCode: code }),
    )
  }

  get bytesRead(): number {
    return this.#bytesRead + this.#in.partial
  }

  get bufferedAmount(): number {
    return this.#out.buffered + this.#lost
  }

  send(message: Message): void {
    this.#send(frameOf(message), byteLength(message))
  }

  sendFragment(piece: Uint8Array, last: boolean): void {
    this.#send({ fragment: piece, last }, piece.byteLength)
  }

  #send(frame: Frame, bytes: number): void {
    if (this.#state !== 'open') {
      // swallowed, and counted by the WebSocket as waiting for ever
      // a message in pieces is refused once, however many of them are
      if (!this.#refusing) this.refused++
      this.#refusing = typeof frame === 'object' && 'fragment' in frame && !frame.last
      this.#lost += bytes
      return
    }
    this.write(frame)
    if (this.bufferedAmount >= highWater) this.#backedUp = true
  }

  ping(answered?: () => void): void {
    if (this.#state !== 'open') return
    if (answered) this.#answered = answered
    this.write('ping')
  }

  write(frame: Frame): void {
    if (this.#endSent) return
    this.onWrite(frame)
    this.bytesWritten += sizeOf(frame)
    this.#out.write(frame)
  }

  close(code: number = CloseCode.noCode, reason = ''): void {
    if (this.#state === 'connecting') {
      this.terminate()
      return
    }
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#farewell.sent = code
    this.write({ close: code, reason: code === CloseCode.noCode ? '' : reason })
    this.#deadline = this.#scheduler.schedule(() => this.#destroy(), this.#closeTimeout)
    if (this.#farewell.received || this.#farewell.violated) this.#end()
  }

  terminate(): void {
    if (this.#state === 'closed' || this.#farewell.terminated) return
    this.#farewell.terminated = true
    this.#destroy()
  }

  pause(): void {
    if (this.#state !== 'connecting') this.#in.hold()
  }

  resume(): void {
    this.#in.release()
  }

  // no more goes out behind what was written
  #end(): void {
    if (this.#endSent) return
    this.#out.write('end')
    this.#endSent = true
    if (this.#endReceived) this.#disconnectSoon()
  }

  #destroy(): void {
    if (this.#state === 'closed' || this.#destroyed) return
    this.#destroyed = true
    this.#state = 'closing'
    // what waits in the process is gone; what the network has goes on its way
    this.#out.abandon()
    this.#end()
    this.#disconnectSoon()
  }

  #disconnectSoon(): void {
    this.#scheduler.schedule(() => this.#disconnect())
  }

  #disconnect(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#deadline?.unsubscribe()
    // the other end may still write: nobody reads it
    this.#in.deliver = () => undefined
    this.#in.release()
    this.tell('close', this.#farewell.told())
  }

  #written(): void {
    if (!this.#backedUp || this.bufferedAmount > lowWater) return
    if (this.#farewell.terminated || this.#state === 'closed') return
    this.#backedUp = false
    this.tell('drain', undefined)
  }

  #receive(chunk: readonly Segment[]): void {
    for (const segment of chunk) {
      if (this.#farewell.terminated || this.#state === 'closed') return
      if (segment === 'end') this.#ended()
      else if (segment === 'answer') this.open()
      else if (segment === 'request') {
        // the answer goes first: what a server says on opening is behind it
        this.#out.write('answer')
        this.open()
      } else if (!this.#farewell.violated && !this.#farewell.received) {
        this.#bytesRead += sizeOf(segment)
        this.onFrame(segment)
        this.#take(segment)
      }
    }
  }

  #ended(): void {
    this.#endReceived = true
    if (this.connecting) this.tell('error', new HandshakeError('socket hang up'))
    if (this.#state === 'open') this.#state = 'closing'
    if (this.#endSent) this.#disconnectSoon()
    else if (this.answers) this.#end()
  }

  #take(frame: Frame): void {
    const message = messageOf(frame)
    if (message !== undefined) this.#got(message)
    else if (frame === 'ping') {
      if (this.answers && this.#state === 'open') this.write('pong')
      this.tell('control', undefined)
    } else if (frame === 'pong') {
      const answered = this.#answered
      this.#answered = undefined
      answered?.()
      this.tell('control', undefined)
    } else if (typeof frame === 'object' && 'fragment' in frame) {
      this.#parts.push(frame.fragment)
      if (frame.last) this.#got(joined(this.#parts.splice(0)))
    } else if (typeof frame === 'object' && 'close' in frame) {
      this.#closed(frame.close, frame.reason)
    }
  }

  #got(message: Message): void {
    this.messagesRead++
    this.tell('message', message)
  }

  #closed(code: number, reason: string): void {
    if (!isSendable(code) && code !== CloseCode.noCode) {
      this.violate(CloseCode.protocolError)
    } else if (byteLength(reason) > mostReason) {
      // a control frame carries 125 bytes (RFC 6455, section 5.5), and the code takes two
      this.violate(CloseCode.protocolError)
    } else if (this.answers) {
      // answered with its own code, once
      const answered = this.#state === 'open'
      this.#farewell.heard(code, reason, answered)
      if (answered) this.close(code, reason)
      else this.#end()
    }
  }
}
