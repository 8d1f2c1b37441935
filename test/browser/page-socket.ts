/** PageSocket: a Socket in Node that is a socket in a page. Its counters are as last told. */

import { Emitter } from '../../src/emitter.js'
import type { Message, Socket, SocketClose, SocketEvents } from '../../src/socket.js'
import type { Counts, PlainError, Told } from './remote-control.js'
import type { RemotePage } from './remote-page.js'

export class PageSocket extends Emitter<SocketEvents> implements Socket {
  readonly #page: RemotePage
  readonly #at: number
  readonly #heard = new Set<keyof SocketEvents>()
  #counts: Counts = { bufferedAmount: 0, bytesRead: 0, messagesRead: 0, refused: 0 }
  #asked = false

  /** Dials, as `connect` does it in a page. */
  constructor(page: RemotePage, url: string, payload: number) {
    super()
    this.#page = page
    this.#at = page.add(told => this.#hear(told))
    page.call('dial', this.#at, url, payload)
    // before anything can be told: whoever waits for it comes later than the page
    this.addListener('open', () => undefined)
  }

  #hear({ counts, event, value }: Told): void {
    this.#counts = counts
    if (!event) this.#asked = false
    else if (event === 'error') this.tell('error', asError(value as PlainError))
    else if (event === 'message') this.tell('message', value as Message)
    else if (event === 'close') this.tell('close', value as SocketClose)
    else this.tell(event, undefined)
  }

  // the socket in the page has a listener only when this one has
  override addListener<E extends keyof SocketEvents>(
    event: E,
    listener: (value: SocketEvents[E]) => void,
  ): this {
    if (!this.#heard.has(event)) this.#page.call('listen', this.#at, event)
    this.#heard.add(event)
    return super.addListener(event, listener)
  }

  send(message: Message): void {
    const sent = typeof message === 'string' ? message : this.#page.keep(message)
    this.#page.call('send', this.#at, sent)
  }

  close(code?: number, reason?: string): void {
    this.#page.call('close', this.#at, code, reason)
  }

  terminate(): void {
    this.#page.call('terminate', this.#at)
  }

  get bufferedAmount(): number {
    return this.#latest.bufferedAmount
  }

  get bytesRead(): number {
    return this.#latest.bytesRead
  }

  get messagesRead(): number {
    return this.#latest.messagesRead
  }

  get refused(): number {
    return this.#latest.refused
  }

  // whoever polls gets the next ones the next time
  get #latest(): Counts {
    if (!this.#asked) this.#page.call('count', this.#at)
    this.#asked = true
    return this.#counts
  }
}

function asError({ name, message, code }: PlainError): Error {
  return Object.assign(new Error(message), { name, code })
}
