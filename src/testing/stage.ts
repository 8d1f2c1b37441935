/** Stage: the connections, wires and logs of one run. */

import type { SchedulerLike } from 'rxjs'
import type { Connection, Handler } from '../connection/connection.js'
import { SocketConnection } from '../connection/socket-connection.js'
import type { Handshake } from '../connection/handshake.js'
import { type ConnectionOptions, readSettings } from '../connection/settings.js'
import type { Random } from '../random.js'
import type { Message } from '../socket.js'
import { type Duration, milliseconds, written } from './duration.js'
import type { Frame } from './frame.js'
import { Lane, type WireOptions } from './lane.js'
import { Link } from './link.js'
import { Peer } from './peer.js'
import { Recording } from './recording.js'
import { VirtualSocket } from './virtual-socket.js'

/** The options of a connection with a scripted peer. */
export interface OneEndedOptions<In, Out> extends ConnectionOptions<In, Out> {
  /** The wire between the two. Default: perfect. */
  wire?: WireOptions | undefined
  /** What the handler sees of the request; the rest is empty. */
  handshake?: Partial<Handshake> | undefined
  /** When the handshake completes, for `connect`; `false`: the script does it. Default at once. */
  opens?: Duration | false | undefined
}

/** The options of two connections that are joined; those at the top hold for both ends. */
export interface LinkOptions<In, Out> extends WireOptions {
  server?: ConnectionOptions<In, Out> | undefined
  client?: ConnectionOptions<Out, In> | undefined
}

/** A connection under test and its scripted peer. */
export interface OneEnded<In, Out> {
  readonly connection: Connection<In, Out>
  readonly peer: Peer
}

/** What still lived at the end. */
export type Ended = readonly Connection<unknown, never>[]

export class Stage {
  readonly #scheduler: SchedulerLike
  readonly #random: Random
  readonly #connections: { connection: Connection<unknown, never>; socket: VirtualSocket }[] = []
  #running = true
  readonly events: string[] = []

  constructor(scheduler: SchedulerLike, random: Random) {
    this.#scheduler = scheduler
    this.#random = random
  }

  recording<T>(): Recording<T> {
    return new Recording<T>(
      () => this.#scheduler.now(),
      () => this.#running,
    )
  }

  accept<In, Out>(
    handler: Handler<In, Out> | undefined,
    options: OneEndedOptions<In, Out> = {},
  ): OneEnded<In, Out> {
    return this.#oneEnded('server', handler, options, 0)
  }

  connect<In, Out>(
    handler: Handler<In, Out> | undefined,
    options: OneEndedOptions<In, Out> = {},
  ): OneEnded<In, Out> {
    return this.#oneEnded('client', handler, options, options.opens ?? 0)
  }

  link<In, Out>(
    handlers: {
      server?: Handler<In, Out> | undefined
      client?: Handler<Out, In> | undefined
    },
    { server = {}, client = {}, ...wire }: LinkOptions<In, Out> = {},
  ): Link<In, Out, Out, In> {
    const toClient = new Lane(this.#scheduler, this.#random, wire)
    const toServer = new Lane(this.#scheduler, this.#random, wire)
    const serverSocket = this.#socket(toClient, toServer, server)
    const clientSocket = this.#socket(toServer, toClient, client)
    const link = new Link(
      this.#connection('server', handlers.server, server, serverSocket, {}),
      this.#connection('client', handlers.client, client, clientSocket, {}),
      [serverSocket, clientSocket],
      { toServer, toClient },
    )
    const latency = wire.latency ?? 0
    this.#scheduler.schedule(() => serverSocket.open(), latency)
    this.#scheduler.schedule(() => clientSocket.open(), latency * 2)
    return link
  }

  /** Freezes the logs and drops what still lives. */
  end(): Ended {
    this.#running = false
    const alive = this.#connections.filter(({ connection }) => connection.state !== 'closed')
    for (const { socket } of alive) socket.terminate()
    return alive.map(({ connection }) => connection)
  }

  #oneEnded<In, Out>(
    side: 'server' | 'client',
    handler: Handler<In, Out> | undefined,
    given: OneEndedOptions<In, Out>,
    opens: Duration | false,
  ): OneEnded<In, Out> {
    const { wire = {}, handshake = {}, ...options } = given
    delete options.opens
    const toPeer = new Lane(this.#scheduler, this.#random, wire)
    const fromPeer = new Lane(this.#scheduler, this.#random, wire)
    const near = this.#socket(toPeer, fromPeer, options)
    const far = new VirtualSocket(this.#scheduler, fromPeer, toPeer)
    const connection = this.#connection(side, handler, options, near, handshake)
    const peer = new Peer(
      this.#scheduler,
      { far, near, toPeer, fromPeer },
      this.recording<Message>(),
      this.recording<Frame>(),
    )
    // before anything the script does at that time
    if (opens !== false) {
      this.#scheduler.schedule(() => {
        far.open()
        near.open()
      }, milliseconds(opens))
    }
    return { connection, peer }
  }

  #socket(
    out: Lane,
    incoming: Lane,
    { timeouts }: Pick<ConnectionOptions<never>, 'timeouts'>,
  ): VirtualSocket {
    const close = timeouts?.close
    return new VirtualSocket(
      this.#scheduler,
      out,
      incoming,
      close === false ? undefined : (close ?? 5_000),
    )
  }

  #connection<In, Out>(
    side: 'server' | 'client',
    handler: Handler<In, Out> | undefined,
    options: ConnectionOptions<In, Out>,
    socket: VirtualSocket,
    handshake: Partial<Handshake>,
  ): Connection<In, Out> {
    const settings = readSettings(
      'virtualTime',
      side,
      { scheduler: this.#scheduler, random: this.#random, ...options },
      handler,
    )
    const id = `${side}-${this.#connections.length + 1}`
    const connection = new SocketConnection(
      settings,
      socket,
      {
        url: '/',
        headers: {},
        origin: undefined,
        remoteAddress: undefined,
        protocol: '',
        principal: undefined,
        ...handshake,
      },
      id,
    )
    this.#connections.push({ connection, socket })
    this.#log(id, connection, socket)
    return connection
  }

  #log(id: string, connection: Connection<unknown, never>, socket: VirtualSocket): void {
    const note = (what: string) => {
      if (this.#running) this.events.push(`${written(this.#scheduler.now())} ${id} ${what}`)
    }
    connection.states.subscribe(state => note(state))
    connection.closed.subscribe(({ code, by }) => note(`closed with ${code} by ${by}`))
    socket.onFrame = frame => note(`◀ ${JSON.stringify(frame)}`)
  }
}
