/** SocketConnection: composes the machine, the reader and the writer on a socket. */

import { Observable, type Subscription } from 'rxjs'
import { createActor } from 'xstate'
import { checkSendable, type Close, CloseCode, cutReason } from '../close.js'
import { asCodecError } from '../codec.js'
import { ApplicationError, type CodecError, TimeoutError } from '../errors.js'
import type { Socket } from '../socket.js'
import { Brake, type BrakeHost } from './brake.js'
import { Broadcast } from './broadcast.js'
import { conclude } from './conclude.js'
import type { Connection, ConnectionActor } from './connection.js'
import { type Parts, parts } from './counts.js'
import { type Flow, LiveFlow } from './flow.js'
import type { Handshake } from './handshake.js'
import { Inbox } from './inbox.js'
import { type ConnectionEvent, connectionMachine, type State } from './machine.js'
import { Reader, type ReaderHost } from './reader.js'
import type { Settings } from './settings.js'
import type { Swept } from './sweep.js'
import { type Timing, timing } from './timing.js'
import { type Sendable, StreamWriter, type Writer, type WriterHost } from './writer.js'

// These say that the peer, or we, are in no condition for what still waits.
const discarding: readonly number[] = [
  CloseCode.policyViolation,
  CloseCode.internalError,
  CloseCode.tryAgainLater,
]

// How often a drained socket is looked at, in ms.
const look = 50

// What the peer is told of a message that did not decode.
const reasons: Readonly<Record<number, string>> = {
  [CloseCode.unsupportedData]: 'unsupported data',
  [CloseCode.invalidPayload]: 'invalid message',
  [CloseCode.policyViolation]: 'message not allowed',
  [CloseCode.internalError]: 'internal error',
}

type Asked = WriterHost & ReaderHost & BrakeHost & Swept

/** Whoever made it. */
interface Owner<In, Out, Principal> {
  /** It has ended. */
  ended(connection: SocketConnection<In, Out, Principal>): void
}

/** What users hold as a {@link Connection}. */
export class SocketConnection<In, Out, Principal> implements Connection<In, Out, Principal> {
  /** How its parts see it, its actor and the sweep too: one object, and no closure for each thing. */
  static readonly #Host = class<In, Out, Principal> implements Asked {
    readonly #of: SocketConnection<In, Out, Principal>

    constructor(of: SocketConnection<In, Out, Principal>) {
      this.#of = of
    }

    // for the reader and the writer

    state(): State {
      return this.#of.state
    }

    completed(): void {
      this.#of.#end(CloseCode.normal, '')
    }

    errored(error: unknown): void {
      this.#of.#failed(new ApplicationError('writer', error))
    }

    undecodable(error: unknown): void {
      this.#of.#undecodable(error)
    }

    unencodable(error: unknown): void {
      this.#of.#failed(asCodecError(error, CloseCode.internalError))
    }

    overflowed(error: Error): void {
      this.#of.#end(CloseCode.tryAgainLater, 'too slow', error)
    }

    stalled(error: Error): void {
      this.#of.#stalled(error)
    }

    dropped(): void {
      this.#of.#flow?.changed()
    }

    backedUp(yes: boolean): void {
      this.#of.#backedUp(yes)
    }

    // for the brake

    braked(): void {
      this.#of.#flow?.changed()
    }

    // for the actor

    next({ value }: { readonly value: State }): void {
      this.#of.#changed(value)
    }

    error(): void {
      this.#of.#broke()
    }

    complete(): void {
      this.#of.#broke()
    }

    // for the sweep

    get bytesRead(): number {
      return this.#of.#socket.bytesRead
    }

    get messages(): number {
      const { outbox, beats } = this.#of.#writer
      return this.#of.#socket.messagesRead - this.#of.#reader.beats + outbox.handed - beats
    }

    get handed(): number {
      return this.#of.#writer.outbox.handed
    }

    get deaf(): boolean {
      return this.#of.#brake.on || this.#of.#writer.outbox.backedUp
    }

    ping(answered?: () => void): void {
      this.#of.#socket.ping?.(answered)
    }

    beat(): void {
      const { beat } = this.#of.#settings
      if (beat !== undefined) this.#of.#writer.beat(beat)
    }

    lost(error: Error): void {
      this.#of.abandon(error)
    }

    expired(code: number, reason: string, error: Error): void {
      this.#of.#end(code, reason, error)
    }
  }

  readonly #host: Asked
  readonly id: string
  readonly handshake: Handshake<Principal>
  readonly actor: ConnectionActor
  readonly #settings: Settings<In, Out, Principal>
  readonly #socket: Socket
  // told after everybody else that it has ended
  readonly #owner: Owner<In, Out, Principal> | undefined
  readonly #reader: Reader<In>
  readonly #writer: StreamWriter<Out>
  readonly #brake: Brake
  // the deadline of the present state, if it has one
  #deadline: Subscription | undefined
  // what the handler returned, until the machine has settled
  #source: Writer<Out> | undefined
  // the state that was told last: to tell a change from an event without one
  #told: State = 'connecting'
  readonly #rate: { stop(): void } | undefined
  // made when somebody asks
  #inbox: Inbox<In> | undefined
  #flow: LiveFlow | undefined
  #changes: Broadcast<State> | undefined
  #ending: Broadcast<Close> | undefined
  #rejections: Broadcast<CodecError> | undefined
  #states: Observable<State> | undefined
  #closed: Observable<Close> | undefined

  constructor(
    settings: Settings<In, Out, Principal>,
    socket: Socket,
    handshake: Handshake<Principal>,
    id: string,
    owner?: Owner<In, Out, Principal>,
  ) {
    this.#settings = settings
    this.#owner = owner
    this.#socket = socket
    this.handshake = handshake
    this.id = id
    const host = new SocketConnection.#Host(this)
    this.#host = host
    this.#brake = new Brake(socket, host)
    this.#reader = new Reader(socket, settings.codec, settings.beat, host)
    this.#writer = new StreamWriter(
      socket,
      settings.codec,
      settings.outbox,
      settings.scheduler,
      host,
    )
    this.actor = createActor(connectionMachine, { parent: settings.root, id })
    this.actor.subscribe(host)
    this.actor.start()
    const opened = () => {
      socket.removeListener('open', opened)
      this.#opened()
    }
    socket.addListener('open', opened)
    socket.addListener('error', error => this.#tell({ type: 'error', error }))
    socket.addListener('close', close => this.#tell({ type: 'socket.close', close }))
    // before the reader: what is beyond it is not delivered
    this.#rate = settings.holdToRate?.(socket, this.#brake, error =>
      this.#end(CloseCode.policyViolation, 'too much', error),
    )
    this.#limit('handshake', settings.timeouts.handshake)
  }

  get state(): State {
    const { status, value } = this.actor.getSnapshot()
    return status === 'active' || status === 'done' ? value : 'closed'
  }

  get states(): Observable<State> {
    return (this.#states ??= new Observable(subscriber => {
      if (this.state === 'closed') {
        subscriber.next('closed')
        subscriber.complete()
        return undefined
      }
      // first, so that it is told of what it causes itself
      const remove = (this.#changes ??= new Broadcast()).add(subscriber)
      subscriber.next(this.state)
      return remove
    }))
  }

  get messages(): Observable<In> {
    return this.#reader.messages
  }

  get rejections(): Observable<CodecError> {
    return new Observable(subscriber => {
      if (this.state !== 'closed') return (this.#rejections ??= new Broadcast()).add(subscriber)
      subscriber.complete()
      return undefined
    })
  }

  get closed(): Observable<Close> {
    return (this.#closed ??= new Observable(subscriber => {
      if (this.state !== 'closed') return (this.#ending ??= new Broadcast()).add(subscriber)
      subscriber.next(this.#close)
      subscriber.complete()
      return undefined
    }))
  }

  get flow(): Flow {
    return (this.#flow ??= new LiveFlow(this[parts], this.state === 'closed'))
  }

  /** For who inspects it. */
  get [parts](): Parts {
    return {
      writer: this.#writer,
      reader: this.#reader,
      socket: this.#socket,
      brake: this.#brake,
      beat: this.#settings.beat,
      watched: this.#settings.sweep.watched(this.#host),
    }
  }

  get [timing](): Timing {
    return this.#settings
  }

  // bound when they are taken, so that a connection that nobody takes apart stays small

  get read(): (next: (message: In) => void) => Subscription {
    return next =>
      this.messages.subscribe(message => {
        try {
          next(message)
        } catch (error) {
          this.#failed(new ApplicationError('read', error))
        }
      })
  }

  get send(): (message: Sendable<Out>) => boolean {
    return message => this.#writer.send(message)
  }

  get close(): (code?: number, reason?: string) => void {
    return (code = CloseCode.normal, reason = '') => {
      checkSendable('close', code)
      this.#end(code, cutReason(reason))
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<In, undefined> {
    if (this.#inbox && this.state !== 'closed') {
      throw new Error('This connection is being iterated already')
    }
    const { messages } = this.#reader
    const reader = this.#reader
    this.#inbox = new Inbox(this.#brake, this.#settings.inbox.bytes, {
      messages,
      get arriving() {
        return reader.arriving
      },
      overflowed: error => this.#end(CloseCode.tryAgainLater, 'too slow', error),
      left: () => {
        this.#inbox = undefined
        // a generator that throws leaves its loop first, and errs when that is done: its error counts
        this.#settings.scheduler.schedule(() => this.#end(CloseCode.normal, ''))
      },
    })
    return this.#inbox
  }

  /** Ends it as a part of a drain, which watches over how long sending what is queued takes. */
  drain(code: number, reason: string): void {
    this.#end(code, reason, undefined, true)
  }

  /** Gives it up: nothing more is sent. */
  abandon(cause: Error): void {
    this.#tell({ type: 'lost', cause })
    this.#socket.terminate()
  }

  // --- what happens to it ---

  #opened(): void {
    this.#tell({ type: 'socket.open' })
    // by now whatever the handler asked for has been done: it may have closed the connection
    const source = this.#source
    this.#source = undefined
    if (source && this.state === 'open') this.#writer.start(source)
  }

  // An actor that is gone takes no events: the socket may still have some to tell.
  #tell(event: ConnectionEvent): void {
    if (this.state !== 'closed') this.actor.send(event)
  }

  #end(code: number, reason: string, cause?: Error, patient = false): void {
    const { state } = this
    if (state === 'closed') return
    // too late for a code of its own, but not for saying what went wrong
    if (state === 'closing') {
      if (cause) this.#tell({ type: 'error', error: cause })
      return
    }
    const discard = discarding.includes(code)
    const ending = { code, reason, discard, patient, ...(cause && { cause }) }
    this.actor.send({ type: 'close', ending })
  }

  #failed(error: Error): void {
    this.#end(CloseCode.internalError, 'internal error', error)
  }

  // Without a deadline for closing this is the only one that there is.
  #stalled(error: Error): void {
    if (this.state === 'closing') this.abandon(error)
    else this.#end(CloseCode.tryAgainLater, 'too slow', error)
  }

  #undecodable(thrown: unknown): void {
    const error = asCodecError(thrown, CloseCode.invalidPayload)
    this.#flow?.changed()
    this.#rejections?.next(error)
    try {
      // a fault of ours, such as a schema that can't be asked, is no fault of the message
      const ours = error.closeCode === CloseCode.internalError
      const then: unknown = ours ? 'close' : (this.#settings.codec.onInvalid?.(error) ?? 'close')
      if (then === 'close') this.#end(error.closeCode, reasons[error.closeCode] ?? '', error)
      else if (typeof then === 'object' && then && 'reply' in then)
        this.#writer.send(then.reply as Out)
      else if (then !== 'drop') throw new TypeError(`onInvalid: 'close', 'drop' or { reply }`)
    } catch (cause) {
      this.#failed(new ApplicationError('codec', cause))
    }
  }

  // What answers what comes in must not read faster than its answers leave.
  #backedUp(yes: boolean): void {
    if (this.#settings.inbox.pausesWhenBackedUp && this.state === 'open') {
      if (yes) this.#brake.hold('outbox')
      else this.#brake.release('outbox')
    }
    this.#flow?.changed()
  }

  #limit(timeout: 'handshake' | 'close', milliseconds: number | undefined): void {
    if (milliseconds === undefined) return
    this.#deadline = this.#settings.scheduler.schedule(() => {
      this.abandon(new TimeoutError(timeout, milliseconds))
    }, milliseconds)
  }

  // --- what a state means: run after the snapshot has changed ---

  #changed(state: State): void {
    const before = this.#told
    if (state === before) return
    this.#told = state
    this.#deadline?.unsubscribe()
    this.#deadline = undefined
    if (state === 'open') this.#enterOpen()
    else if (state === 'closing') this.#enterClosing(before)
    else if (state === 'closed') this.#enterClosed()
  }

  #enterOpen(): void {
    this.#settings.sweep.add(this.#host)
    this.#changes?.next('open')
    this.#writer.outbox.flush()
    let source: unknown
    try {
      source = this.#settings.handler?.(this)
    } catch (error) {
      this.#failed(new ApplicationError('handler', error))
      return
    }
    if (source === undefined) return
    if (StreamWriter.takes<Out>(source)) this.#source = source
    else this.#failed(new ApplicationError('handler', notAWriter(source)))
  }

  #leaveOpen(): void {
    this.#settings.sweep.remove(this.#host)
    this.#rate?.stop()
    this.#reader.stop()
    this.#writer.stop()
  }

  #enterClosing(before: State): void {
    const { ending } = this.actor.getSnapshot().context
    this.#leaveOpen()
    this.#changes?.next('closing')
    if (before === 'connecting' || !ending) {
      this.#socket.terminate()
      return
    }
    const { code, reason, discard, patient } = ending
    if (!patient) this.#limit('close', this.#settings.timeouts.close)
    this.#brake.releaseAll()
    const close = () => {
      if (patient) this.#limit('close', this.#settings.timeouts.close)
      this.#socket.close(code, reason)
    }
    this.#writer.finish(discard, () => (patient && !discard ? this.#whenWritten(close) : close()))
  }

  // From the Close frame on there is no more patience, also not of the socket itself, for what is
  // written but has not left yet: and nothing tells when it has.
  #whenWritten(then: () => void): void {
    if (this.#socket.bufferedAmount === 0) then()
    else this.#deadline = this.#settings.scheduler.schedule(() => this.#whenWritten(then), look)
  }

  #enterClosed(): void {
    this.#leaveOpen()
    this.#writer.outbox.end()
    this.#changes?.next('closed')
    this.#reader.end()
    this.#rejections?.complete()
    this.#ending?.next(this.#close)
    this.#ending?.complete()
    this.#flow?.end()
    this.#changes?.complete()
    this.#owner?.ended(this)
  }

  // The actor stopped or erred without having seen the socket close: not by anything of ours.
  #broke(): void {
    if (this.#told === 'closed') return
    this.#socket.terminate()
    this.#changed('closed')
  }

  get #close(): Close {
    const { context, error } = this.actor.getSnapshot()
    if (context.close) return context.close
    const cause = new Error('The actor of the connection was stopped', { cause: error })
    return conclude({ ...context, lost: cause }, { code: CloseCode.abnormal, reason: '' })
  }
}

function notAWriter(value: unknown): TypeError {
  // an async handler: its failure is this one, not an unhandled rejection besides
  if (value instanceof Promise) value.catch(() => undefined)
  const kind =
    value instanceof Promise ? 'a promise' : value === null ? 'null' : `a ${typeof value}`
  return new TypeError(`A handler returns an Observable, an AsyncIterable or nothing, not ${kind}`)
}
