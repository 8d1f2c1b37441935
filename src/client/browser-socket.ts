/** BrowserSocket: a client's socket on the WebSocket of a browser, or of any platform that has one. */

import type { SchedulerLike, Subscription } from 'rxjs'
import { CloseCode, codeInBrowsers } from '../close.js'
import { Emitter } from '../emitter.js'
import { ConnectionLostError, HandshakeError, ProtocolError, saidBy } from '../errors.js'
import {
  byteLength,
  highWater,
  lowWater,
  type Message,
  type Socket,
  type SocketEvents,
} from '../socket.js'
import type { Answer, Dial, DialRequest } from './dial.js'

/** The slice of the WHATWG's WebSocket that is used. */
export interface StandardWebSocket {
  /** Set to `'arraybuffer'` by the adapter. */
  binaryType: string
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Bytes handed over that have not left yet. */
  readonly bufferedAmount: number
  /** The subprotocol that was agreed upon; empty for none. */
  readonly protocol: string
  /** Sends a message. */
  send(data: string | Uint8Array<ArrayBuffer>): void
  /** Starts the closing handshake; a page may send 1000 and 3000–4999. */
  close(code?: number, reason?: string): void
  /** Listens for `open`, `message`, `close` and `error`. */
  addEventListener: Listening
  /** Listens no more. */
  removeEventListener: Listening
}

interface Listening {
  (type: 'open' | 'error', listener: (event: object) => void): void
  (type: 'message', listener: (event: { readonly data: unknown }) => void): void
  (type: 'close', listener: (event: StandardCloseEvent) => void): void
}

interface StandardCloseEvent {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

// a browser decides these by itself
const lacks = ['headers', 'agent', 'tls', 'compression'] as const

/** The class of such WebSockets. */
export type StandardWebSocketClass = new (url: string, protocols?: string[]) => StandardWebSocket

/**
 * Opens sockets with a WebSocket class of the WHATWG's kind: that of Deno, Bun, Node 22, or a
 * stand-in. In browsers this is how `connect` does it by itself.
 */
export function dialWith(WebSocket: StandardWebSocketClass): Dial {
  const open = (request: DialRequest, answered: (answer: Answer) => void) =>
    new BrowserSocket(new WebSocket(request.url, [...request.protocols]), request, answered)
  return Object.assign(open, { lacks })
}

declare const WebSocket: StandardWebSocketClass | undefined

/** Starts the handshake with the platform's own WebSocket, looked up when it is needed. */
export const dial: Dial = Object.assign<Dial, Pick<Dial, 'lacks'>>(
  (request, answered) => {
    if (typeof WebSocket === 'undefined') {
      throw new TypeError('This platform has no WebSocket: give connect a dial')
    }
    return dialWith(WebSocket)(request, answered)
  },
  { lacks },
)

const isOpen = 1
// How soon a socket that is backed up is looked at again, in ms: nothing tells when it has drained.
const soonest = 1
const latest = 64

export class BrowserSocket extends Emitter<SocketEvents> implements Socket {
  readonly #web: StandardWebSocket
  readonly #scheduler: SchedulerLike
  readonly #payload: number
  readonly #answered: (answer: Answer) => void
  #opened = false
  #sent: number | undefined
  #over = false
  #look: Subscription | undefined
  messagesRead = 0
  refused = 0
  // no frame is seen but messages, and of those not the header
  bytesRead = 0
  bytesWritten = 0

  constructor(
    web: StandardWebSocket,
    { scheduler, payload }: Pick<DialRequest, 'scheduler' | 'payload'>,
    answered: (answer: Answer) => void,
  ) {
    super()
    this.#web = web
    this.#scheduler = scheduler
    this.#payload = payload
    this.#answered = answered
    web.binaryType = 'arraybuffer'
    web.addEventListener('open', this.#onOpen)
    web.addEventListener('message', this.#onMessage)
    web.addEventListener('error', this.#onError)
    web.addEventListener('close', this.#onClose)
  }

  get bufferedAmount(): number {
    return this.#web.bufferedAmount
  }

  send(message: Message): void {
    // what it does not take it swallows, without a word
    // eslint-disable-next-line no-restricted-syntax
    if (this.#web.readyState !== isOpen) this.refused++
    else this.bytesWritten += message.length + 2
    this.#web.send(typeof message === 'string' ? message : unshared(message))
    if (this.bufferedAmount >= highWater) this.#lookAgain(soonest)
  }

  close(code: number = CloseCode.normal, reason?: string): void {
    if (!this.#opened) {
      this.terminate()
      return
    }
    const allowed = codeInBrowsers(code)
    // Not a decision, only which frame went first: it may have answered the peer's Close by itself.
    // eslint-disable-next-line no-restricted-syntax
    if (this.#web.readyState === isOpen) this.#sent = allowed
    this.#web.close(allowed, reason)
  }

  // A page can't drop a connection: the peer gets a Close frame that says what this was.
  terminate(): void {
    if (this.#over) return
    this.#detach()
    this.#web.close(...(this.#opened ? [codeInBrowsers(CloseCode.abnormal)] : []))
    this.#scheduler.schedule(() => this.#tellClose({ terminated: true }))
  }

  // But for errors: some platforms end the process for one that nobody listens to.
  #detach(): void {
    this.#over = true
    this.#look?.unsubscribe()
    this.#look = undefined
    this.#web.removeEventListener('open', this.#onOpen)
    this.#web.removeEventListener('message', this.#onMessage)
    this.#web.removeEventListener('close', this.#onClose)
  }

  #tellClose(how: { terminated?: true }): void {
    this.tell('close', {
      code: CloseCode.abnormal,
      reason: '',
      ...(this.#sent !== undefined && { sent: this.#sent }),
      ...how,
    })
  }

  #drained(): void {
    this.#look?.unsubscribe()
    this.#look = undefined
    this.tell('drain', undefined)
  }

  // Often while it moves, seldom while it stands.
  #lookAgain(delay: number): void {
    const before = this.bufferedAmount
    this.#look ??= this.#scheduler.schedule(() => {
      this.#look = undefined
      const now = this.bufferedAmount
      if (now <= lowWater) this.#drained()
      else this.#lookAgain(now < before ? soonest : Math.min(delay * 2, latest))
    }, delay)
  }

  readonly #onOpen = (): void => {
    this.#opened = true
    this.#answered({ protocol: this.#web.protocol })
    this.tell('open', undefined)
  }

  readonly #onMessage = ({ data }: { readonly data: unknown }): void => {
    // as binaryType says
    const message = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)
    // the bytes of a text are counted only where they matter
    const { length } = message
    this.bytesRead += length + 2
    if (length * 3 > this.#payload && byteLength(message) > this.#payload) {
      this.#tooBig()
      return
    }
    this.messagesRead++
    this.tell('message', message)
    // the timers of a page that is hidden are seldom
    if (this.#look && this.bufferedAmount <= lowWater) this.#drained()
  }

  // As ws ends it: the peer is told, and its answer is not waited for.
  #tooBig(): void {
    const closeCode = CloseCode.messageTooBig
    this.close(closeCode)
    this.#detach()
    const message = `The peer broke the protocol: a message of more than ${this.#payload} bytes`
    this.tell('error', new ProtocolError(message, { closeCode }))
    this.#scheduler.schedule(() => this.#tellClose({}))
  }

  // No page is told what went wrong, so that it can't explore a network that is not its own; other
  // platforms say it.
  readonly #onError = (event: { readonly error?: unknown }): void => {
    if (this.#over) return
    const { error: cause } = event
    const why = cause === undefined ? 'the platform does not say why' : saidBy(cause)
    this.tell(
      'error',
      this.#opened
        ? new ConnectionLostError(`The connection failed: ${why}`, { cause })
        : new HandshakeError(`The handshake failed: ${why}`, { cause }),
    )
  }

  readonly #onClose = (event: StandardCloseEvent): void => {
    const { code, reason, wasClean } = event
    this.#detach()
    // an unclean one has a code all the same where the peer's Close came, and more was to be sent
    if (code === CloseCode.abnormal || (code < 1_000 && !wasClean)) {
      this.#tellClose({})
      return
    }
    const answered = wasClean && this.#sent === undefined
    const sent = answered ? code : this.#sent
    this.tell('close', {
      code,
      reason,
      received: code,
      ...(sent !== undefined && { sent }),
      ...(answered && { answered }),
    })
  }
}

// browsers refuse to send memory that a worker may be writing to
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const shared =
    typeof SharedArrayBuffer !== 'undefined' && bytes.buffer instanceof SharedArrayBuffer
  return (shared ? bytes.slice() : bytes) as Uint8Array<ArrayBuffer>
}
