/** Pieces: sends one message as its pieces are made, each when the socket has room. */

import { type Fragments, source } from '../fragments.js'
import type { Socket } from '../socket.js'
import { pull } from './pull.js'

/** What the pieces need to know of the outbox that sends them. */
export interface PiecesHost {
  /** Whether the socket has room. */
  takes(): boolean
  /** The socket has none: `resume` is to be called when it has. */
  full(): void
  /** The socket got a piece. */
  handed(): void
  /** The message is complete. */
  done(): void
  failed(error: unknown): void
}

const nothing = new Uint8Array()

export class Pieces {
  readonly #socket: Socket
  readonly #host: PiecesHost
  // a socket that can't send in pieces gets them at once, as far as this many bytes go
  readonly #limit: number
  readonly #held: Uint8Array[] = []
  #heldBytes = 0
  #live = true
  #stop: (() => void) | undefined
  #next: (() => void) | undefined

  constructor(socket: Socket, limit: number, host: PiecesHost) {
    this.#socket = socket
    this.#limit = limit
    this.#host = host
  }

  start(message: Fragments): void {
    this.#stop = pull(message[source], {
      wants: () => this.#live,
      completed: () => {
        this.#live = false
        this.#finish()
        this.#host.done()
      },
      failed: error => this.#fail(error),
      take: (piece, next) => {
        this.#take(piece)
        if (!this.#live) return
        if (this.#host.takes()) {
          next()
        } else {
          this.#next = next
          this.#host.full()
        }
      },
    })
  }

  /** The socket has room again. */
  resume(): void {
    const next = this.#next
    this.#next = undefined
    next?.()
  }

  /** Gives up: the source may clean up. */
  stop(): void {
    this.#live = false
    this.#stop?.()
  }

  #take(piece: unknown): void {
    if (!(piece instanceof Uint8Array)) {
      this.#fail(new TypeError('fragments: a piece is a Uint8Array'))
    } else if (this.#socket.sendFragment) {
      this.#socket.sendFragment(piece, false)
      this.#host.handed()
    } else {
      this.#held.push(piece)
      this.#heldBytes += piece.byteLength
      if (this.#heldBytes > this.#limit) {
        this.#fail(
          new RangeError(
            `fragments: this socket sends whole messages, of ${this.#limit} bytes at most`,
          ),
        )
      }
    }
  }

  #finish(): void {
    if (this.#socket.sendFragment) {
      this.#socket.sendFragment(nothing, true)
      return
    }
    const whole = new Uint8Array(this.#heldBytes)
    let at = 0
    for (const piece of this.#held) {
      whole.set(piece, at)
      at += piece.byteLength
    }
    this.#socket.send(whole)
  }

  #fail(error: unknown): void {
    if (!this.#live) return
    this.stop()
    this.#host.failed(error)
  }
}
