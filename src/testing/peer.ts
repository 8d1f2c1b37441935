/** Peer: the scripted far end of a connection under test. */

import type { SchedulerLike } from 'rxjs'
import { CloseCode } from '../close.js'
import { HandshakeError } from '../errors.js'
import type { Message } from '../socket.js'
import type { Frame } from './frame.js'
import type { Lane } from './lane.js'
import { parse } from './marbles.js'
import type { Recording } from './recording.js'
import type { VirtualSocket } from './virtual-socket.js'

/** What a peer is made of. */
export interface PeerParts {
  readonly scheduler: SchedulerLike
  readonly far: VirtualSocket
  readonly near: VirtualSocket
  readonly toPeer: Lane
  readonly fromPeer: Lane
  /** Who completes the handshake: the script, or else a reason why it may not. */
  readonly handshake: 'by the script' | { readonly remedy: string }
  readonly received: Recording<Message>
  readonly frames: Recording<Frame>
}

const violations = [1002, 1007, 1008, 1009]

/**
 * The far end of a connection. Its verbs act at the time at which they are said, in the script
 * itself at 0 ms, when the connection is there; none needs `this`.
 */
export class Peer {
  readonly #parts: PeerParts
  /** The data messages that reached the peer. */
  readonly received: Recording<Message>
  /** All frames that reached the peer: messages, `'ping'`, `'pong'` and the Close frame. */
  readonly frames: Recording<Frame>

  constructor(parts: PeerParts) {
    this.#parts = parts
    this.received = parts.received
    this.frames = parts.frames
    parts.far.onFrame = frame => parts.frames.add(frame)
    parts.far.addListener('message', message => parts.received.add(message))
  }

  /** Completes the handshake that a connection under test has asked for. */
  readonly open = (): void => {
    this.#shake('open', () => {
      this.#parts.far.open()
      this.#parts.near.open()
    })
  }

  /** Answers the handshake with an HTTP status instead. */
  readonly refuse = (status: number, headers: Readonly<Record<string, string>> = {}): void => {
    const error = new HandshakeError(`The server answered ${status}`, { status, headers })
    this.#shake('refuse', () => this.#parts.near.refuse(error))
  }

  /** Cannot be reached at all. */
  readonly unreachable = (): void => {
    const error = new HandshakeError('connect ECONNREFUSED')
    this.#shake('unreachable', () => this.#parts.near.refuse(error))
  }

  /** Sends a message. */
  readonly send = (message: Message): void => {
    this.#say('send', far => far.send(message))
  }

  /**
   * Sends as the marbles say, counted from now: a letter is a message (itself, or what it stands
   * for), `|` closes with 1000, `#` resets the connection.
   */
  readonly sends = (marbles: string, values: Readonly<Record<string, Message>> = {}): void => {
    for (const { frame, notification } of parse(marbles, values)) {
      if (notification.kind === 'N') {
        const message = notification.value as Message
        this.#say('sends', far => far.send(message), frame)
      } else if (notification.kind === 'C') {
        this.#say('sends', far => far.close(CloseCode.normal), frame)
      } else {
        this.#soon(() => this.#reset(), frame)
      }
    }
  }

  /** Sends a ping. */
  readonly ping = (): void => {
    this.#say('ping', far => far.ping())
  }

  /** Sends a Close frame; without a code, an empty one. One that RFC 6455 forbids is a violation. */
  readonly close = (code?: number, reason?: string): void => {
    this.#say('close', far => far.close(code, reason))
  }

  /** Ends TCP without a Close frame, as a process that dies does. */
  readonly end = (): void => {
    this.#soon(() => this.#parts.far.terminate())
  }

  /** Resets the connection: both ends lose it at once, behind what has arrived by then. */
  readonly cut = (): void => {
    this.#soon(() => this.#reset())
  }

  /**
   * Breaks the protocol so that 1002, 1007, 1008 or 1009 is the answer.
   *
   * @throws {TypeError} for any other code: no violation is answered with it.
   */
  readonly violate = (code: number): void => {
    if (!violations.includes(code)) {
      throw new TypeError(
        `peer.violate: ${code} is not the answer to a violation; 1002, 1007, 1008 and 1009 are`,
      )
    }
    this.#say('violate', () => this.#parts.near.violate(code))
  }

  /** From now on answers nothing, neither a ping nor a Close; TCP stays up, and it still reads. */
  readonly silence = (): void => {
    this.#soon(() => {
      this.#parts.far.answers = false
    })
  }

  /** Stops reading: what is sent to it backs up. */
  readonly stall = (): void => {
    this.#soon(() => this.#parts.toPeer.hold())
  }

  /** Reads on. */
  readonly resume = (): void => {
    this.#soon(() => this.#parts.toPeer.release())
  }

  /** Is gone without a word, as behind a pulled cable: nothing arrives in either direction. */
  readonly vanish = (): void => {
    this.#soon(() => {
      this.#parts.toPeer.stall()
      this.#parts.fromPeer.stall()
    })
  }

  /** The cable is back. */
  readonly reappear = (): void => {
    this.#soon(() => {
      this.#parts.toPeer.resume()
      this.#parts.fromPeer.resume()
    })
  }

  #reset(): void {
    const { near, far, toPeer, fromPeer } = this.#parts
    fromPeer.settle()
    toPeer.settle()
    near.reset()
    far.reset()
  }

  // in the script itself this is at 0 ms, when the connection is there
  #soon(action: () => void, delay = 0): void {
    this.#parts.scheduler.schedule(() => action(), delay)
  }

  #say(verb: string, action: (far: VirtualSocket) => void, delay = 0): void {
    this.#soon(() => {
      const { far } = this.#parts
      if (far.connecting) {
        throw new Error(
          `peer.${verb}: the connection is not open yet, so nothing can be said; say it in ` +
            `at(…) for a time behind the handshake`,
        )
      }
      action(far)
    }, delay)
  }

  #shake(verb: string, action: () => void): void {
    const { handshake } = this.#parts
    if (handshake !== 'by the script') throw new Error(`peer.${verb}: ${handshake.remedy}`)
    this.#soon(action)
  }
}
