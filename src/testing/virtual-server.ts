/** VirtualServer: a server that clients under test dial, and all that can befall it. */

import { Observable, type SchedulerLike } from 'rxjs'
import type { Answer, Dial, DialRequest } from '../client/dial.js'
import { Broadcast } from '../connection/broadcast.js'
import type { Connection, Handler } from '../connection/connection.js'
import type { Handshake } from '../connection/handshake.js'
import { type ConnectionOptions, connectionOptionNames } from '../connection/settings.js'
import { HandshakeError } from '../errors.js'
import { group } from '../option.js'
import type { Lane } from './lane.js'
import type { Recording } from './recording.js'
import { VirtualSocket } from './virtual-socket.js'
import { type WireOptions, wireOptionNames } from './wire.js'

/** The options of a virtual server. */
export interface VirtualServerOptions<In, Out> extends ConnectionOptions<In, Out> {
  /** The wire to each client. Default: perfect. */
  wire?: WireOptions | undefined
}

/** @throws {TypeError} for an option that there is not. */
export function readVirtualServer<In, Out>(
  options: VirtualServerOptions<In, Out>,
): VirtualServerOptions<In, Out> {
  group('serve: options', options, [...connectionOptionNames, 'wire'])
  group('serve: wire', options.wire, wireOptionNames)
  return options
}

/** What a virtual server is made of. */
export interface VirtualServerParts<In, Out> {
  readonly scheduler: SchedulerLike
  readonly latency: number
  readonly lane: () => Lane
  readonly socket: (out: Lane, incoming: Lane) => VirtualSocket
  readonly connection: (
    handler: Handler<In, Out>,
    socket: VirtualSocket,
    handshake: Partial<Handshake>,
  ) => Connection<In, Out>
  readonly handler: Handler<In, Out> | undefined
  readonly handshakes: Recording<string>
}

/** What becomes of a handshake. */
type Door =
  | 'open'
  /** Nobody is there. */
  | 'down'
  /** It is not answered. */
  | 'hanging'
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> }

interface Ends {
  readonly client: VirtualSocket
  readonly server: VirtualSocket
  readonly connection: Pick<Connection, 'close'>
  readonly lanes: readonly Lane[]
}

/**
 * A server that `connect` and `session` reach by its `dial`. Its verbs act at the time at which they
 * are said, in the script itself at 0 ms; none needs `this`.
 */
export class VirtualServer<In, Out> {
  readonly #parts: VirtualServerParts<In, Out>
  readonly #opened = new Broadcast<Connection<In, Out>>()
  readonly #ends = new Set<Ends>()
  #door: Door = 'open'
  /** When somebody asked for a handshake, whatever became of it: its path. */
  readonly handshakes: Recording<string>
  /** Each connection, as the server has it, when it is open. */
  readonly connections: Observable<Connection<In, Out>>

  constructor(parts: VirtualServerParts<In, Out>) {
    this.#parts = parts
    this.handshakes = parts.handshakes
    this.connections = new Observable(subscriber => this.#opened.add(subscriber))
  }

  /** For the options of `connect` and `session`: whatever their address is, it leads here. */
  readonly dial: Dial = (request, answered) => {
    const { scheduler, latency, lane } = this.#parts
    const [toServer, toClient] = [lane(), lane()]
    const client = new VirtualSocket(scheduler, toServer, toClient, request.closeTimeout)
    scheduler.schedule(() => {
      // the request has arrived; whoever asked may have gone meanwhile
      if (client.connecting) this.#knock(request, answered, client, toServer, toClient)
    }, latency)
    return client
  }

  /** The process is there, and takes connections: so it begins. */
  readonly up = (): void => {
    this.#door = 'open'
  }

  /** The process dies: every connection is reset, and nobody answers from now on. */
  readonly down = (): void => {
    this.#door = 'down'
    this.#soon(() => this.#reset())
  }

  /** Answers handshakes with an HTTP status from now on; who is connected stays so. */
  readonly refuse = (status: number, headers: Readonly<Record<string, string>> = {}): void => {
    this.#door = { status, headers }
  }

  /** Answers no handshake from now on, in no way; who is connected stays so. */
  readonly hang = (): void => {
    this.#door = 'hanging'
  }

  /** Closes every connection with this code. */
  readonly close = (code?: number, reason?: string): void => {
    this.#soon(() => {
      for (const { connection } of [...this.#ends]) connection.close(code, reason)
    })
  }

  /** Resets every connection; new ones are taken. */
  readonly cut = (): void => {
    this.#soon(() => this.#reset())
  }

  /** Nothing reaches anybody any more, and nobody is told. */
  freeze(): void {
    for (const { lanes } of this.#ends) for (const lane of lanes) lane.cut()
    this.#door = 'hanging'
  }

  #soon(action: () => void): void {
    this.#parts.scheduler.schedule(() => action())
  }

  #reset(): void {
    for (const { client, server, lanes } of [...this.#ends]) {
      for (const lane of lanes) lane.settle()
      client.reset()
      server.reset()
    }
  }

  #knock(
    { url, headers }: DialRequest,
    answered: (answer: Answer) => void,
    client: VirtualSocket,
    toServer: Lane,
    toClient: Lane,
  ): void {
    const { scheduler, latency, socket, connection, handler } = this.#parts
    const { pathname, search } = new URL(url)
    this.handshakes.add(pathname + search)
    const door = this.#door
    if (door === 'hanging') return
    if (door !== 'open') {
      const error =
        door === 'down'
          ? new HandshakeError('connect ECONNREFUSED')
          : new HandshakeError(`The server answered ${door.status}`, door)
      scheduler.schedule(() => client.refuse(error), latency)
      return
    }
    const server = socket(toClient, toServer)
    const asked = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
    const handshake = {
      url: pathname + search,
      headers: Object.fromEntries(asked) as Record<string, string>,
    }
    const opened = connection(
      each => {
        // behind its handler, as a server tells it
        const writer = handler?.(each)
        this.#opened.next(each)
        return writer
      },
      server,
      handshake,
    )
    const ends: Ends = { client, server, connection: opened, lanes: [toServer, toClient] }
    this.#ends.add(ends)
    opened.closed.subscribe(() => this.#ends.delete(ends))
    answered({ protocol: '' })
    // the answer goes first: what the server says on opening is behind it
    toClient.write('answer')
    server.open()
    toClient.settle()
  }
}
