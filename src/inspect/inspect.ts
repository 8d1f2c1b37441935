/** Inspect: connections as they live, seen from outside, as a stream of plain data. */

import { isObservable, Observable, of, type Subscriber, Subscription } from 'rxjs'
import { countsOf, parts } from '../connection/counts.js'
import type { State } from '../connection/machine.js'
import type { Listed, Roster } from '../connection/roster.js'
import { timingOf } from '../connection/timing.js'
import { group, observable, period, yesOrNo } from '../option.js'
import { closeView, type Inspection, labelOf } from './inspection.js'
import { Sampler } from './sampler.js'
import { type Inspectable, subjectOf } from './subject.js'
import { tap } from './tap.js'

/** What to tell of. */
export interface InspectOptions {
  /** Between samples, in ms; `false`: no samples. Default 1,000. */
  interval?: number | false | undefined
  /**
   * Whether each message is told of, without what it says; an Observable of ids: those of these
   * connections, until the next ones. Default `false`.
   */
  messages?: boolean | Observable<readonly string[]> | undefined
}

/**
 * Tells of the connections of a server, of those of what `accept` returned, or of one connection:
 * first a snapshot, then what happens, and what changed in each interval, by the scheduler of the
 * connections. It never errors, and completes with what it inspects. While nobody subscribes it
 * costs nothing.
 *
 * @throws {TypeError} for an option that makes no sense, and for what can't be inspected.
 */
export function inspect(
  subject: Inspectable,
  options: InspectOptions = {},
): Observable<Inspection> {
  const { interval, messages } = group('inspect', options, ['interval', 'messages'])
  const every = interval === false ? undefined : period('inspect: interval', interval, 1_000)
  const wanted = readMessages('inspect: messages', messages)
  const found = subjectOf('inspect', subject)
  return new Observable(subscriber => {
    const inspector = new Inspector(subscriber, found, wanted)
    inspector.begin(every)
    return () => inspector.end()
  })
}

type Wanted = Observable<readonly string[] | 'all'> | undefined

function readMessages(name: string, value: InspectOptions['messages']): Wanted {
  if (isObservable(value)) return observable(name, value)
  return yesOrNo(name, value, false) ? of('all' as const) : undefined
}

class Inspector {
  readonly #subscriber: Subscriber<Inspection>
  readonly #subject: Roster | Listed
  readonly #messages: Wanted
  readonly #scheduler
  readonly #sampler = new Sampler()
  readonly #watching = new Map<Listed, Subscription>()
  readonly #taps = new Map<Listed, () => void>()
  readonly #running = new Subscription()
  // the ids of those whose messages are told of
  #wanted: ReadonlySet<string> | 'all' = new Set()
  #sampledAt = 0

  constructor(subscriber: Subscriber<Inspection>, subject: Roster | Listed, messages: Wanted) {
    this.#subscriber = subscriber
    this.#subject = subject
    this.#messages = messages
    this.#scheduler = 'live' in subject ? subject.scheduler : timingOf(subject).scheduler
  }

  begin(interval: number | undefined): void {
    const subject = this.#subject
    const all = 'live' in subject ? [...subject.live] : [subject]
    const time = this.#scheduler.now()
    const connections = all.map(connection => this.#sampler.add(connection))
    this.#subscriber.next({ type: 'snapshot', time, connections })
    if (this.#subscriber.closed) return
    all.forEach((connection, at) => this.#watch(connection, connections[at]?.state))
    if ('live' in subject) {
      this.#running.add(
        subject.watch({
          came: (connection, handshake) => {
            this.#sampler.add(connection)
            this.#watch(connection, connection.state, handshake)
          },
          refused: status => this.#tell({ type: 'refused', time: this.#scheduler.now(), status }),
          ended: () => this.#subscriber.complete(),
        }),
      )
    }
    this.#running.add(
      this.#messages?.subscribe(wanted => {
        this.#wanted = wanted === 'all' ? wanted : new Set(wanted)
        for (const connection of this.#watching.keys()) this.#tap(connection)
      }),
    )
    if (interval !== undefined) this.#sampleEvery(interval)
  }

  end(): void {
    this.#running.unsubscribe()
    for (const watching of this.#watching.values()) watching.unsubscribe()
    for (const untap of this.#taps.values()) untap()
  }

  #tell(inspection: Inspection): void {
    this.#subscriber.next(inspection)
  }

  #sampleEvery(interval: number): void {
    this.#sampledAt = this.#scheduler.now()
    const sampler = this.#sampler
    const subscriber = this.#subscriber
    const again = () => {
      const time = this.#scheduler.now()
      const over = time - this.#sampledAt
      this.#sampledAt = time
      const connections = sampler.sample()
      if (connections.length > 0) subscriber.next({ type: 'samples', time, over, connections })
      if (subscriber.closed) return
      timer.unsubscribe()
      timer = schedule()
    }
    const schedule = () => this.#scheduler.schedule(again, interval)
    let timer = schedule()
    this.#running.add(() => timer.unsubscribe())
  }

  // `known`: the state that was told; whoever was told may have closed it
  #watch(connection: Listed, known: State | undefined, handshake?: number): void {
    const watching = new Subscription()
    this.#watching.set(connection, watching)
    watching.add(
      connection.states.subscribe(state => {
        if (state === known) return
        known = state
        const time = this.#scheduler.now()
        if (state === 'open') {
          const took = handshake === undefined ? {} : { handshake }
          this.#tell({ type: 'opened', time, ...labelOf(connection), ...took })
        } else if (state === 'closing') {
          this.#tell({ type: 'closing', time, id: connection.id })
        }
      }),
    )
    this.#tap(connection)
    watching.add(
      connection.closed.subscribe(close => {
        this.#sampler.remove(connection)
        this.#watching.delete(connection)
        this.#untap(connection)
        watching.unsubscribe()
        const counts = countsOf(connection[parts])
        const view = closeView(close)
        const time = this.#scheduler.now()
        this.#tell({ type: 'closed', time, id: connection.id, ...counts, close: view })
        if (connection === this.#subject) this.#subscriber.complete()
      }),
    )
  }

  #tap(connection: Listed): void {
    if (this.#wanted !== 'all' && !this.#wanted.has(connection.id)) {
      this.#untap(connection)
    } else if (!this.#taps.has(connection)) {
      const untap = tap(connection, message =>
        this.#tell({ type: 'message', time: this.#scheduler.now(), ...message }),
      )
      this.#taps.set(connection, untap)
    }
  }

  #untap(connection: Listed): void {
    this.#taps.get(connection)?.()
    this.#taps.delete(connection)
  }
}
