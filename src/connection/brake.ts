/** Brake: pauses the socket's reading for as long as anybody has a reason to. */

import type { Socket } from '../socket.js'

/** Messages wait to be read, or wait to be sent; or too many came. */
export type Reason = 'inbox' | 'outbox' | 'rate'

export class Brake {
  readonly #socket: Socket
  readonly #changed: () => void
  #reasons: readonly Reason[] = []

  constructor(socket: Socket, changed: () => void) {
    this.#socket = socket
    this.#changed = changed
  }

  /** Whether the socket can be paused: that of a browser can't. */
  get works(): boolean {
    return this.#socket.pause !== undefined
  }

  get on(): boolean {
    return this.#reasons.length > 0
  }

  hold(reason: Reason): void {
    if (this.#reasons.includes(reason)) return
    this.#reasons = [...this.#reasons, reason]
    if (this.#reasons.length > 1) return
    this.#socket.pause?.()
    this.#changed()
  }

  release(reason: Reason): void {
    if (!this.#reasons.includes(reason)) return
    this.#reasons = this.#reasons.filter(each => each !== reason)
    if (this.on) return
    this.#socket.resume?.()
    this.#changed()
  }

  /** The connection is leaving open: a paused socket would never see the peer's Close frame. */
  releaseAll(): void {
    for (const reason of this.#reasons) this.release(reason)
  }
}
