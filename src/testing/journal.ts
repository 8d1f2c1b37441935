/** Journal: what happened in a run, in order, as texts for people. */

import type { Observable } from 'rxjs'
import type { Connection } from '../connection/connection.js'
import { written } from './duration.js'
import { noted } from './frame.js'
import { Recording } from './recording.js'
import type { VirtualSocket } from './virtual-socket.js'

export class Journal {
  readonly #now: () => number
  // what a failure calls the streams that it knows
  readonly #names = new WeakMap<object, string>()
  #open = true
  readonly events: string[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Writes down the states, the frames and the end of a connection. */
  watch(connection: Connection<unknown, never>, socket: VirtualSocket): void {
    const { id, states, messages, closed } = connection
    const note = (what: string) => {
      if (this.#open) this.events.push(`${written(this.#now())} ${id} ${what}`)
    }
    for (const [name, stream] of Object.entries({ states, messages, closed })) {
      this.#names.set(stream, `${id}: ${name}`)
    }
    this.#names.set(connection, id)
    states.subscribe(state => note(state))
    closed.subscribe(({ code, by }) => note(`closed with ${code} by ${by}`))
    socket.onFrame = frame => note(`◀ ${noted(frame)}`)
    socket.onWrite = frame => note(`▶ ${noted(frame)}`)
  }

  /** What a stream or a connection is called in a failure. */
  nameOf(subject: object): string {
    return subject instanceof Recording ? subject.name : (this.#names.get(subject) ?? '…')
  }

  recording<T>(name: string): Recording<T> {
    return new Recording<T>(name, this.#now, () => this.#open)
  }

  /** Records a stream from now on. */
  follow<T>(subject: Observable<T> | Recording<T>): Recording<T> {
    if (subject instanceof Recording) return subject
    return this.recording<T>(this.nameOf(subject)).follow(subject)
  }

  /** The run is over: what comes now is not a thing that happened in it. */
  close(): void {
    this.#open = false
  }
}
