/** VirtualSocket: one end of a virtual wire. It behaves as `ws` does, without a network. */

import type { SchedulerLike, Subscription } from 'rxjs'
import { CloseCode } from '../close.js'
import { Emitter } from '../emitter.js'
import { ConnectionLostError, HandshakeError, ProtocolError } from '../errors.js'
import { byteLength, highWater, lowWater, type Message, type Socket } from '../socket.js'
import type { SocketEvents } from '../socket.js'
import { type Frame, frameOf, joined, messageOf, type Segment, sizeOf } from './frame.js'
import type { Lane } from './lane.js'

export class VirtualSocket extends Emitter<SocketEvents> implements Socket {
  readonly #scheduler: SchedulerLike
  readonly #out: Lane
  readonly #in: Lane
  readonly #closeTimeout: number
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting'
  #sent: number | undefined
  #received: { readonly code: number; readonly reason: string } | undefined
  #answered = false
  #violated = false
  #terminated = false
  #endSent = false
  #endReceived = false
  #backedUp = false
  #lost = 0
  readonly #parts: Uint8Array[] = []
  #deadline: Subscription | undefined
  bytesRead = 0
  messagesRead = 0
  refused = 0
  /** What it answers by itself: a scripted peer may be silent. */
  answers = true
  /** Told of each frame that comes in. */
  onFrame: (frame: Frame) => void = () => undefined

  constructor(scheduler: SchedulerLike, out: Lane, incoming: Lane, closeTimeout = 30_000) {
    super()
    this.#scheduler = scheduler
    this.#out = out
    this.#in = incoming
    this.#closeTimeout = closeTimeout
    incoming.deliver = chunk => this.#receive(chunk)
    out.written = () => this.#written()
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
    this.tell('error', new ConnectionLostError('read ECONNRESET'))
    this.#disconnect()
  }

  /** The peer breaks the protocol so that the code of its violation is sent (1002, 1007, 1008 or 1009). */
  violate(code: number): void {
    if (this.#state !== 'open' && this.#state !== 'closing') return
    this.#violated = true
    const sent = this.#sent !== undefined
    this.close(code)
    if (sent) this.#end()
    this.tell(
      'error',
      new ProtocolError(`The peer broke the protocol: ${code}`, { closeCode: code }),
    )
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
      this.refused++
      this.#lost += bytes
      return
    }
    this.write(frame)
    if (this.bufferedAmount >= highWater) this.#backedUp = true
  }

  ping(): void {
    if (this.#state === 'open') this.write('ping')
  }

  write(frame: Frame): void {
    if (!this.#endSent) this.#out.write(frame)
  }

  close(code: number = CloseCode.noCode, reason = ''): void {
    if (this.#state === 'connecting') {
      this.terminate()
      return
    }
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#sent = code
    this.write({ close: code, reason })
    this.#deadline = this.#scheduler.schedule(() => this.#destroy(), this.#closeTimeout)
    if (this.#received || this.#violated) this.#end()
  }

  terminate(): void {
    if (this.#state === 'closed' || this.#terminated) return
    this.#terminated = true
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
    if (this.#state === 'closed') return
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
    const agreed = this.#violated ? undefined : this.#received
    this.tell('close', {
      code: agreed?.code ?? CloseCode.abnormal,
      reason: agreed?.reason ?? '',
      ...(this.#sent !== undefined && { sent: this.#sent }),
      ...(agreed && { received: agreed.code }),
      ...(this.#answered && { answered: true }),
      ...(this.#terminated && { terminated: true }),
    })
  }

  #written(): void {
    if (!this.#backedUp || this.bufferedAmount > lowWater || this.#state === 'closed') return
    this.#backedUp = false
    this.tell('drain', undefined)
  }

  #receive(chunk: readonly Segment[]): void {
    for (const segment of chunk) {
      if (this.#terminated || this.#state === 'closed') return
      if (segment === 'end') {
        this.#endReceived = true
        if (this.#state === 'open') this.#state = 'closing'
        if (this.#endSent) this.#disconnectSoon()
        else if (this.answers) this.#end()
      } else if (!this.#violated && !this.#received) {
        this.bytesRead += sizeOf(segment)
        this.onFrame(segment)
        this.#take(segment)
      }
    }
  }

  #take(frame: Frame): void {
    const message = messageOf(frame)
    if (message !== undefined) {
      this.messagesRead++
      this.tell('message', message)
    } else if (typeof frame === 'object' && 'fragment' in frame) {
      this.#parts.push(frame.fragment)
      if (!frame.last) return
      this.messagesRead++
      this.tell('message', joined(this.#parts.splice(0)))
    } else if (frame === 'ping') {
      if (this.answers && this.#state === 'open') this.write('pong')
    } else if (typeof frame === 'object' && 'close' in frame && this.answers) {
      this.#received = { code: frame.close, reason: frame.reason }
      // answered with its own code, once
      this.#answered = this.#state === 'open'
      if (this.#answered) this.close(frame.close, frame.reason)
      else this.#end()
    }
  }
}
