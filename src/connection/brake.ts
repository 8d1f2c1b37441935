/** Brake: pauses the socket's reading for as long as anybody has a reason to. */

import type { Socket } from '../socket.js'

/** Messages wait to be read, or wait to be sent; or too many came. */
export type Reason = 'inbox' | 'outbox' | 'rate'

/** What a brake needs to know of its connection. */
export interface BrakeHost {
  /** Reading pauses, or goes on. */
  braked(): void
}

const none: readonly Reason[] = []

export class Brake {
  readonly #socket: Socket
  readonly #host: BrakeHost
  #reasons = none

  constructor(socket: Socket, host: BrakeHost) {
    this.#socket = socket
    this.#host = host
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
    this.#host.braked()
  }

  release(reason: Reason): void {
    if (!this.#reasons.includes(reason)) return
    this.#reasons = this.#reasons.filter(each => each !== reason)
    if (this.on) return
    this.#socket.resume?.()
    this.#host.braked()
  }

  /** The connection is leaving open: a paused socket would never see the peer's Close frame. */
  releaseAll(): void {
    for (const reason of this.#reasons) this.release(reason)
  }
}
