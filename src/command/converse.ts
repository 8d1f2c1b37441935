/** Converse: sends what is typed or piped in, prints what comes, until it is over. */

import { dial as openSocket } from '#dial'
import {
  asyncScheduler,
  BehaviorSubject,
  firstValueFrom,
  NEVER,
  type Observable,
  switchMap,
  timer,
} from 'rxjs'
import type { Close } from '../close.js'
import { connect } from '../client/connect.js'
import type { Dial } from '../client/dial.js'
import { readReconnect, reconnecting } from '../client/reconnect.js'
import type { Connection } from '../connection/connection.js'
import type { Message } from '../socket.js'
import { type ConnectArguments, UsageError } from './arguments.js'
import { Input, messagesOf } from './input.js'
import { linesOf, most } from './lines.js'
import { jsonReport, plainReport, type Report } from './report.js'
import { isGood } from './sentence.js'
import { interrupted } from './signals.js'
import { Terminal } from './terminal.js'

// How long a server may think about an answer when nobody says, in ms.
const thought = 1_000

/**
 * Connects as asked for; settled with the exit code when that is over.
 *
 * @throws {UsageError} for what can't be asked for.
 */
export function converse(asked: ConnectArguments): Promise<number> {
  return new Conversation(asked).run()
}

class Conversation {
  readonly #asked: ConnectArguments
  readonly #terminal = new Terminal(() => this.#leave(1000))
  readonly #report: Report
  readonly #connections: Observable<Connection>
  #input: Input | undefined
  #present: Connection | undefined
  #close: Close | undefined
  #left = 0
  // this side has asked for what may still come
  #listens = true
  readonly #printing = new BehaviorSubject(false)
  // what is told of one connection, behind what is told of the one before
  #told: Promise<unknown> = Promise.resolve()
  #over: () => void = () => undefined

  constructor(asked: ConnectArguments) {
    const { url: address, headers, protocols, handshakeTimeout, json, binary } = asked
    this.#asked = asked
    this.#left = asked.count
    const url = new URL(address.replace(/^http/i, 'ws'))
    this.#report = json ? jsonReport(this.#terminal, url) : plainReport(this.#terminal, url, binary)
    const options = {
      headers,
      protocols,
      dial: this.#dial,
      limits: { payload: most },
      timeouts: { handshake: handshakeTimeout },
      // a server that is gone is noticed, also by who only listens
      heartbeat: {},
    }
    try {
      this.#connections = connect(address, options, connection => this.#opened(connection))
    } catch (error) {
      throw new UsageError((error as Error).message.replace(/^connect: /, ''), { cause: error })
    }
  }

  async run(): Promise<number> {
    const over = new Promise<void>(resolve => (this.#over = resolve))
    const again = readReconnect('reconnect', {})
    const paused = ({ until = 0 }) =>
      this.#tell(() => this.#report.waiting(until - asyncScheduler.now()))
    const { reconnect } = this.#asked
    const all = reconnect ? reconnecting(this.#connections, again, paused) : this.#connections
    const ended = () => this.#tell(this.#over)
    const subscription = all.subscribe({
      next: connection => this.#watch(connection),
      error: ended,
      complete: ended,
    })
    const release = interrupted(code => this.#leave(code))
    this.#stop = () => {
      subscription.unsubscribe()
      ended()
    }
    await over
    release()
    this.#terminal.endPrompt()
    if (this.#listens && this.#input?.waits)
      this.#terminal.note('Not all of the input was sent.', 'bad')
    return this.#close && isGood(this.#close) ? 0 : 1
  }

  #stop: () => void = () => undefined

  /** Ends it, with a Close frame where there is somebody to tell. */
  #leave(code: number): void {
    this.#listens = false
    this.#terminal.endPrompt()
    if (this.#present && this.#present.state !== 'closed') this.#present.close(code)
    else this.#stop()
  }

  #tell(what: () => unknown): void {
    this.#told = this.#told.then(what)
  }

  #watch(connection: Connection): void {
    this.#present = connection
    const { closed, states, handshake } = connection
    states.subscribe(state => {
      const tell = () => this.#report.state(state, state === 'open' ? handshake.protocol : '')
      // at once: a server may take long to answer the close
      if (state === 'closing') tell()
      else this.#tell(tell)
    })
    closed.subscribe(close => {
      this.#close = close
      this.#tell(() => this.#report.close(close))
      const { dropped, refused } = connection.flow
      if (dropped + refused > 0) this.#tell(() => this.#lost(dropped + refused))
    })
  }

  #lost(count: number): void {
    this.#terminal.note(
      `${count} ${count === 1 ? 'message was' : 'messages were'} not sent.`,
      'bad',
    )
  }

  #opened(connection: Connection): AsyncIterable<Message> {
    // from now on: it is read when what came before is printed
    const messages = connection[Symbol.asyncIterator]() as AsyncIterator<Message, undefined>
    this.#tell(() => this.#printAll(messages))
    this.#input ??= new Input(this.#messages())
    return this.#input.taking(() => this.#quiet())
  }

  #messages(): AsyncGenerator<Message, undefined> {
    const { binary } = this.#asked
    if (!this.#terminal.interactive) return messagesOf(linesOf(process.stdin), binary)
    return messagesOf(this.#terminal.prompt(), binary, sentence =>
      this.#terminal.note(sentence, 'bad'),
    )
  }

  async #printAll(messages: AsyncIterator<Message, undefined>): Promise<void> {
    for (;;) {
      this.#printing.next(false)
      const { done, value } = await messages.next()
      if (done) return
      this.#printing.next(true)
      await this.#print(value)
    }
  }

  #print(message: Message): Promise<void> | undefined {
    if (this.#left === 0) return undefined
    this.#left--
    const printed = this.#report.message(message)
    if (this.#left === 0) this.#leave(1000)
    return printed
  }

  /** The input has ended: waits until nothing has come for a while, and everything is printed. */
  #quiet(): Promise<unknown> {
    const preset = this.#terminal.interactive ? 0 : thought
    const { count, wait = count < Infinity ? 'forever' : preset } = this.#asked
    if (wait === 'forever') return new Promise(() => undefined)
    return firstValueFrom(
      this.#printing.pipe(switchMap(printing => (printing ? NEVER : timer(wait)))),
    )
  }

  /**
   * A connection drops what comes in `closing`. Here that may be answers to the last of the input:
   * a server that does one thing after the other sends them before its own Close frame.
   */
  readonly #dial: Dial = (request, answered) => {
    const socket = openSocket(request, answered)
    socket.addListener('message', message => {
      if (this.#present?.state === 'closing' && this.#listens) void this.#print(message)
    })
    return socket
  }
}
