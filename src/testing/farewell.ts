/** Farewell: what a virtual socket has said and heard of its end. */

import { CloseCode } from '../close.js'
import type { SocketClose } from '../socket.js'

export class Farewell {
  /** The code of the Close frame that was sent. */
  sent: number | undefined
  /** The peer broke the protocol. */
  violated = false
  /** This side dropped the connection. */
  terminated = false
  #answered = false
  #received: { readonly code: number; readonly reason: string } | undefined

  /** Whether a Close frame has come in. */
  get received(): boolean {
    return this.#received !== undefined
  }

  /** A Close frame came in; `answered`: before one was sent. */
  heard(code: number, reason: string, answered: boolean): void {
    this.#received = { code, reason }
    this.#answered = answered
  }

  /** How it ended, as `ws` tells it. */
  told(): SocketClose {
    const agreed = this.violated ? undefined : this.#received
    return {
      code: agreed?.code ?? CloseCode.abnormal,
      reason: agreed?.reason ?? '',
      ...(this.sent !== undefined && { sent: this.sent }),
      ...(agreed && { received: agreed.code }),
      ...(this.#answered && { answered: true }),
      ...(this.terminated && { terminated: true }),
    }
  }
}
