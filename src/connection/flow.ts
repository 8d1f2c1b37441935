/** Flow: what a connection has sent, what waits, what was lost, and whether it keeps up. */

import { Observable } from 'rxjs'
import type { Socket } from '../socket.js'
import { Broadcast } from './broadcast.js'
import type { Brake } from './brake.js'
import type { Outbox } from './outbox.js'

/** The counts of one connection at one time. */
export interface FlowSnapshot {
  /**
   * `backed up`: the socket takes nothing for now, and messages wait in the outbox; `paused`:
   * reading pauses, as what came in waits to be read; `flowing`: neither.
   */
  readonly state: 'flowing' | 'paused' | 'backed up'
  /** Messages that the socket took. */
  readonly sent: number
  /** Messages that wait in the outbox. */
  readonly queued: number
  /** Bytes that wait in the outbox. */
  readonly queuedBytes: number
  /** Messages that waited in the outbox and were dropped. */
  readonly dropped: number
  /** Messages that came in and did not decode. */
  readonly rejected: number
  /** Values that `send` refused, and messages that the socket could not write. */
  readonly refused: number
}

/** The counts of a connection, read live. */
export interface Flow extends FlowSnapshot {
  /** The counts as they are now. */
  snapshot(this: void): FlowSnapshot
  /** The counts now, then whenever `state`, `dropped` or `rejected` changes; completes with the connection. */
  readonly changes: Observable<FlowSnapshot>
}

/** Where the counts are kept. */
interface Counted {
  readonly writer: { readonly refused: number; readonly beats: number; readonly outbox: Outbox }
  readonly reader: { readonly rejected: number }
  readonly socket: Socket
  readonly brake: Brake
}

export class LiveFlow implements Flow {
  readonly #counted: Counted
  readonly #changes = new Broadcast<FlowSnapshot>()
  #ended: boolean
  // what subscribers know
  #told: Pick<FlowSnapshot, 'state' | 'dropped' | 'rejected'> | undefined

  constructor(counted: Counted, ended: boolean) {
    this.#counted = counted
    this.#ended = ended
  }

  get state(): FlowSnapshot['state'] {
    const { writer, brake } = this.#counted
    if (this.#ended) return 'flowing'
    return writer.outbox.backedUp ? 'backed up' : brake.on ? 'paused' : 'flowing'
  }

  get sent(): number {
    const { writer, socket } = this.#counted
    return writer.outbox.sent - writer.beats - socket.refused
  }

  get queued(): number {
    return this.#counted.writer.outbox.messages
  }

  get queuedBytes(): number {
    return this.#counted.writer.outbox.bytes
  }

  get dropped(): number {
    return this.#counted.writer.outbox.dropped
  }

  get rejected(): number {
    return this.#counted.reader.rejected
  }

  get refused(): number {
    const { writer, socket } = this.#counted
    return writer.refused + socket.refused
  }

  get snapshot(): () => FlowSnapshot {
    return () => {
      const { state, sent, queued, queuedBytes, dropped, rejected, refused } = this
      return { state, sent, queued, queuedBytes, dropped, rejected, refused }
    }
  }

  get changes(): Observable<FlowSnapshot> {
    return new Observable(subscriber => {
      subscriber.next((this.#told = this.snapshot()))
      if (!this.#ended) return this.#changes.add(subscriber)
      subscriber.complete()
      return undefined
    })
  }

  /** Something changed that subscribers want to know of. */
  changed(): void {
    if (!this.#changes.observed) return
    // one cause may be told from two sides
    const { state, dropped, rejected } = this
    const told = this.#told
    if (state === told?.state && dropped === told.dropped && rejected === told.rejected) return
    this.#changes.next((this.#told = this.snapshot()))
  }

  /** The connection has ended. */
  end(): void {
    this.#ended = true
    this.#changes.complete()
  }
}
