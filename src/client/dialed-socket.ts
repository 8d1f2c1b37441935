/** DialedSocket: a socket from its first moment on, while its address is still asked for. */

import { defer, type Observable, type SchedulerLike, type Subscription } from 'rxjs'
import { CloseCode } from '../close.js'
import { Emitter } from '../emitter.js'
import { HandshakeError, saidBy } from '../errors.js'
import type { Message, Socket, SocketEvents } from '../socket.js'

/**
 * Stands for the socket that comes of dialing, and hands it its listeners: from then on it is out
 * of the way. Before that there is nothing but an end that it could tell of.
 */
export class DialedSocket extends Emitter<SocketEvents> implements Socket {
  readonly #scheduler: SchedulerLike
  #socket: Socket | undefined
  #dialing: Subscription | undefined
  #over = false

  constructor(scheduler: SchedulerLike) {
    super()
    this.#scheduler = scheduler
  }

  /** Asks for the address, and opens a socket to it. */
  dial(address: Observable<string>, open: (url: string) => Socket): void {
    if (this.#over) return
    // asking may end it in the same turn
    this.#dialing = defer(() => address).subscribe({
      next: url => {
        if (!this.#over) this.#open(() => open(url))
      },
      error: error => this.#fail(error),
    })
  }

  #open(open: () => Socket): void {
    try {
      this.#socket = open()
    } catch (error) {
      // a browser throws for what its page may not connect to
      this.#fail(error)
      return
    }
    this.moveListeners(this.#socket)
  }

  #fail(cause: unknown): void {
    const message = `The handshake could not begin: ${saidBy(cause)}`
    // later than whoever dials, as any other socket tells it
    this.#scheduler.schedule(() => {
      if (this.#over) return
      this.tell('error', new HandshakeError(message, { cause }))
      this.#end(false)
    })
  }

  #end(terminated: boolean): void {
    this.#over = true
    const close = { code: CloseCode.abnormal, reason: '', ...(terminated && { terminated }) }
    this.tell('close', close)
  }

  override addListener<E extends keyof SocketEvents>(
    event: E,
    listener: (value: SocketEvents[E]) => void,
  ): this {
    if (this.#socket) this.#socket.addListener(event, listener)
    else super.addListener(event, listener)
    return this
  }

  override removeListener<E extends keyof SocketEvents>(
    event: E,
    listener: (value: SocketEvents[E]) => void,
  ): this {
    if (this.#socket) this.#socket.removeListener(event, listener)
    else super.removeListener(event, listener)
    return this
  }

  close(code?: number, reason?: string): void {
    if (this.#socket) this.#socket.close(code, reason)
    else this.terminate()
  }

  terminate(): void {
    if (this.#socket) {
      this.#socket.terminate()
    } else if (!this.#over) {
      this.#over = true
      this.#dialing?.unsubscribe()
      this.#scheduler.schedule(() => this.#end(true))
    }
  }

  send(message: Message): void {
    this.#socket?.send(message)
  }

  get sendFragment(): Socket['sendFragment'] {
    const socket = this.#socket
    return socket?.sendFragment && ((piece, last) => socket.sendFragment?.(piece, last))
  }

  get pause(): Socket['pause'] {
    const socket = this.#socket
    return socket?.pause && (() => socket.pause?.())
  }

  get resume(): Socket['resume'] {
    const socket = this.#socket
    return socket?.resume && (() => socket.resume?.())
  }

  get ping(): Socket['ping'] {
    const socket = this.#socket
    return socket?.ping && (answered => socket.ping?.(answered))
  }

  get bytesWritten(): number {
    return this.#socket?.bytesWritten ?? 0
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0
  }

  get messagesRead(): number {
    return this.#socket?.messagesRead ?? 0
  }

  get refused(): number {
    return this.#socket?.refused ?? 0
  }
}
