/** LiveSession: what users hold as a session: its phases, and the connection that it has. */

import { Observable, Subject, Subscription, switchMap } from 'rxjs'
import { checkSendable, type Close, CloseCode } from '../close.js'
import { plain } from '../codec.js'
import { Broadcast } from '../connection/broadcast.js'
import type { Connection, Handler } from '../connection/connection.js'
import type { Sendable } from '../connection/writer.js'
import { RivuletError } from '../errors.js'
import { report } from '../report.js'
import type { Address } from './address.js'
import { Backlog, type BacklogBounds } from './backlog.js'
import { connecting } from './connect.js'
import type { ConnectOptions } from './connect-options.js'
import { multiplex } from './multiplex.js'
import type { Phase } from './phase.js'
import { type Pause, type Policy, reconnecting } from './reconnect.js'
import type { Session, SessionBacklog } from './session.js'

/** What a session has besides its connections. */
export interface SessionParts<Out> {
  readonly policy: Policy
  readonly first: (() => readonly Sendable<Out>[]) | undefined
  readonly backlog: BacklogBounds | undefined
}

export class LiveSession<In, Out> implements Session<In, Out> {
  readonly #handler: Handler<In, Out> | undefined
  readonly #first: SessionParts<Out>['first']
  readonly #backlog: Backlog<Out>
  readonly #phases = new Broadcast<Phase>()
  readonly #connections = new Broadcast<Connection<In, Out>>()
  readonly #opened = new Broadcast<Connection<In, Out>>()
  readonly #closed = new Broadcast<Close>()
  readonly #nudge = new Subject<void>()
  readonly #running = new Subscription()
  #phase: Phase = { name: 'connecting', attempt: 1 }
  #connection: Connection<In, Out> | undefined
  #failed = 0
  readonly #untold: Phase[] = []
  #telling = false
  // the open connection, from when it is told on
  #present: Connection<In, Out> | undefined
  // this side wants no further connection
  #leaving = false
  // how the last connection ended
  #last: Close | undefined

  constructor(
    url: Address,
    options: ConnectOptions<In, Out>,
    handler: Handler<In, Out> | undefined,
    { policy, first, backlog }: SessionParts<Out>,
  ) {
    this.#handler = handler
    this.#first = first
    // without a codec the types say so too: Out is Message then
    const codec = options.codec ?? (plain as unknown as NonNullable<typeof options.codec>)
    this.#backlog = new Backlog(codec, backlog)
    const connections = connecting<In, Out>('session', url, options, connection =>
      this.#open(connection),
    )
    const goesOn: Policy['goesOn'] = (close, failed) =>
      !this.#leaving && policy.goesOn(close, failed)
    this.#running.add(
      reconnecting(
        connections,
        { ...policy, goesOn },
        pause => this.#pause(pause),
        this.#nudge,
      ).subscribe({
        next: connection => this.#connect(connection),
        error: error => {
          // a function of the options has thrown: that is no way for a connection to end
          if (!(error instanceof RivuletError)) report(error)
          this.#end(this.#leaving ? 'closed' : 'gave up')
        },
        complete: () => this.#end('closed'),
      }),
    )
  }

  get phase(): Phase {
    return this.#phase
  }

  get #over(): boolean {
    return this.#phase.name === 'closed' || this.#phase.name === 'gave up'
  }

  get phases(): Observable<Phase> {
    return new Observable(subscriber => {
      if (this.#over) {
        subscriber.next(this.#phase)
        subscriber.complete()
        return undefined
      }
      // first, so that it is told of what it causes itself
      const remove = this.#phases.add(subscriber)
      // what is being told just now comes by itself
      if (!this.#untold.length) subscriber.next(this.#phase)
      return remove
    })
  }

  get messages(): Observable<In> {
    return this.#later(this.#connections, () => this.#connection).pipe(
      switchMap(connection => connection.messages),
    )
  }

  get opened(): Observable<Connection<In, Out>> {
    return this.#later(this.#opened, () => this.#present)
  }

  get closed(): Observable<Close> {
    return this.#later(this.#closed, () =>
      'close' in this.#phase && this.#over ? this.#phase.close : undefined,
    )
  }

  get backlog(): SessionBacklog {
    return this.#backlog
  }

  /** What there is now, then what comes; completes with the session. */
  #later<T>(coming: Broadcast<T>, now: () => T | undefined): Observable<T> {
    return new Observable(subscriber => {
      const present = now()
      if (present !== undefined) subscriber.next(present)
      if (!this.#over) return coming.add(subscriber)
      subscriber.complete()
      return undefined
    })
  }

  // bound when they are taken, as the members of a connection are

  get read(): Session<In, Out>['read'] {
    return next =>
      this.#later(this.#connections, () => this.#connection)
        .pipe(
          switchMap(
            connection =>
              new Observable<never>(subscriber => {
                subscriber.add(connection.read(next))
                subscriber.add(connection.closed.subscribe(() => subscriber.complete()))
              }),
          ),
        )
        .subscribe()
  }

  get send(): Session<In, Out>['send'] {
    return message => {
      if (this.#connection?.state === 'open')
        return this.#backlog.counted(this.#connection.send(message))
      return this.#leaving || this.#over ? this.#backlog.counted(false) : this.#backlog.add(message)
    }
  }

  get multiplex(): Session<In, Out>['multiplex'] {
    return <T extends In>(
      subscribe: () => Sendable<Out>,
      unsubscribe: () => Sendable<Out>,
      matches: (message: In) => boolean,
    ) => {
      const say = (message: Sendable<Out>) => {
        if (this.#connection?.state === 'open') this.send(message)
      }
      const { messages, opened } = this
      const some = multiplex({ messages, opened, say }, subscribe, unsubscribe, matches)
      // as whoever gave `matches` says
      return some as Observable<T>
    }
  }

  get retryNow(): () => void {
    return () => this.#nudge.next()
  }

  get close(): (code?: number, reason?: string) => void {
    return (code = CloseCode.normal, reason = '') => {
      checkSendable('close', code)
      if (this.#leaving || this.#over) return
      this.#leaving = true
      if (this.#connection) {
        this.#tell({ name: 'closing' })
        this.#connection.close(code, reason)
      } else {
        this.#running.unsubscribe()
        this.#last = { code: CloseCode.abnormal, reason: '', wasClean: false, by: 'local' }
        this.#end('closed')
      }
    }
  }

  // --- what happens to it ---

  #connect(connection: Connection<In, Out>): void {
    this.#connection = connection
    connection.closed.subscribe(close => {
      this.#last = close
      this.#connection = this.#present = undefined
    })
    this.#tell({ name: 'connecting', attempt: this.#failed + 1 })
    this.#connections.next(connection)
  }

  // The handler of each connection: what must be first goes first.
  #open(connection: Connection<In, Out>): ReturnType<Handler<In, Out>> {
    for (const message of this.#first?.() ?? []) connection.send(message)
    this.#backlog.flush(connection.send)
    this.#tell({ name: 'open' })
    this.#present = connection
    this.#opened.next(connection)
    return this.#handler?.(connection)
  }

  #pause({ close, failed, until }: Pause): void {
    this.#failed = failed
    this.#tell(until === undefined ? { name: 'offline', close } : { name: 'waiting', until, close })
  }

  #end(name: 'closed' | 'gave up'): void {
    const close = this.#last
    if (!close || this.#over) return
    this.#backlog.discard()
    this.#tell({ name, close })
    this.#connections.complete()
    this.#opened.complete()
    this.#closed.next(close)
    this.#closed.complete()
  }

  // One after the other for everybody, also where a subscriber causes the next one.
  #tell(phase: Phase): void {
    this.#phase = phase
    this.#untold.push(phase)
    if (this.#telling) return
    this.#telling = true
    for (let next = this.#untold.shift(); next; next = this.#untold.shift()) this.#phases.next(next)
    this.#telling = false
    if (this.#over) this.#phases.complete()
  }
}
