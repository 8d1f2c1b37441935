/** Peer: the scripted far end of a connection under test. */

import type { SchedulerLike } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { CloseCode } from '../close.js'
import { HandshakeError } from '../errors.js'
import type { Message } from '../socket.js'
import type { Frame } from './frame.js'
import type { Lane } from './lane.js'
import { lettersOr } from './marbles.js'
import type { Recording } from './recording.js'
import type { VirtualSocket } from './virtual-socket.js'

export class Peer {
  readonly #scheduler: SchedulerLike
  readonly #far: VirtualSocket
  readonly #near: VirtualSocket
  readonly #toPeer: Lane
  readonly #fromPeer: Lane
  /** The data messages that reached the peer. */
  readonly received: Recording<Message>
  /** All frames that reached the peer: messages, `'ping'`, `'pong'` and the Close frame. */
  readonly frames: Recording<Frame>

  constructor(
    scheduler: SchedulerLike,
    ends: { far: VirtualSocket; near: VirtualSocket; toPeer: Lane; fromPeer: Lane },
    received: Recording<Message>,
    frames: Recording<Frame>,
  ) {
    this.#scheduler = scheduler
    this.#far = ends.far
    this.#near = ends.near
    this.#toPeer = ends.toPeer
    this.#fromPeer = ends.fromPeer
    this.received = received
    this.frames = frames
    this.#far.onFrame = frame => frames.add(frame)
    this.#far.addListener('message', message => received.add(message))
  }

  /** Completes the handshake that a connection under test has asked for. */
  open(): void {
    this.#soon(() => {
      this.#far.open()
      this.#near.open()
    })
  }

  /** Answers the handshake with an HTTP status instead. */
  refuse(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#soon(() => {
      const error = new HandshakeError(`The server answered ${status}`, { status, headers })
      this.#near.refuse(error)
    })
  }

  /** Cannot be reached at all. */
  unreachable(): void {
    this.#soon(() => this.#near.refuse(new HandshakeError('connect ECONNREFUSED')))
  }

  send(message: Message): void {
    this.#soon(() => this.#far.send(message))
  }

  /**
   * Sends as the marbles say, counted from now: a letter is a message (itself, or what it stands
   * for), `|` closes with 1000, `#` resets the connection.
   */
  sends(marbles: string, values: Readonly<Record<string, Message>> = {}): void {
    for (const { frame, notification } of TestScheduler.parseMarbles(
      marbles,
      lettersOr(values),
      undefined,
      false,
      true,
    )) {
      this.#scheduler.schedule(() => {
        if (notification.kind === 'N') this.#far.send(notification.value as Message)
        else if (notification.kind === 'C') this.#far.close(CloseCode.normal)
        else this.#reset()
      }, frame)
    }
  }

  ping(): void {
    this.#soon(() => this.#far.ping())
  }

  /** Sends a Close frame; without a code, an empty one. */
  close(code?: number, reason?: string): void {
    this.#soon(() => this.#far.close(code, reason))
  }

  /** Ends TCP without a Close frame, as a process that dies does. */
  end(): void {
    this.#soon(() => this.#far.terminate())
  }

  /** Resets the connection: both ends lose it at once. */
  cut(): void {
    this.#soon(() => this.#reset())
  }

  /** Breaks the protocol so that 1002, 1007, 1008 or 1009 is the answer. */
  violate(code: number): void {
    this.#soon(() => this.#near.violate(code))
  }

  /** From now on answers nothing, neither a ping nor a Close; TCP stays up. */
  silence(): void {
    this.#soon(() => {
      this.#far.answers = false
    })
  }

  /** Stops reading: what is sent to it backs up. */
  stall(): void {
    this.#soon(() => this.#toPeer.hold())
  }

  /** Reads on. */
  resume(): void {
    this.#soon(() => this.#toPeer.release())
  }

  /** Is gone without a word, as behind a pulled cable: nothing arrives in either direction. */
  vanish(): void {
    this.#soon(() => {
      this.#toPeer.stall()
      this.#fromPeer.stall()
    })
  }

  /** The cable is back. */
  reappear(): void {
    this.#soon(() => {
      this.#toPeer.resume()
      this.#fromPeer.resume()
    })
  }

  #reset(): void {
    this.#near.reset()
    this.#far.reset()
  }

  // in the script itself this is at 0 ms, when the connection is there
  #soon(action: () => void): void {
    this.#scheduler.schedule(() => action())
  }
}
