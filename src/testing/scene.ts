/** Scene: makes the connections of a run, the wires between them, and their peers. */

import type { SchedulerLike } from 'rxjs'
import type { Connection, Handler } from '../connection/connection.js'
import type { Handshake } from '../connection/handshake.js'
import { type ConnectionOptions, readSettings } from '../connection/settings.js'
import { SocketConnection } from '../connection/socket-connection.js'
import type { Random } from '../random.js'
import type { Message } from '../socket.js'
import { milliseconds } from './duration.js'
import type { Frame } from './frame.js'
import { Journal } from './journal.js'
import { Lane, type WireOptions } from './lane.js'
import { type Link, verbsOf } from './link.js'
import { type ConnectingOptions, type OneEnded, readOneEnded } from './one-ended.js'
import { Peer, type PeerParts } from './peer.js'
import { type LinkHandlers, type LinkOptions, readLink } from './two-ended.js'
import { readVirtualServer, VirtualServer, type VirtualServerOptions } from './virtual-server.js'
import { VirtualSocket } from './virtual-socket.js'
import { readWire } from './wire.js'

const emptyHandshake: Handshake = {
  url: '/',
  headers: {},
  origin: undefined,
  remoteAddress: undefined,
  protocol: '',
  principal: undefined,
}

export class Scene {
  readonly #scheduler: SchedulerLike
  readonly #random: Random
  readonly #connections: { connection: Connection<unknown, never>; socket: VirtualSocket }[] = []
  readonly #servers: { freeze(): void }[] = []
  readonly journal: Journal
  /** Told what a handler returned, before it is used. */
  returned: (writer: unknown) => void = () => undefined

  constructor(scheduler: SchedulerLike, random: Random, now: () => number) {
    this.#scheduler = scheduler
    this.#random = random
    this.journal = new Journal(now)
  }

  accept<In, Out>(
    handler: Handler<In, Out> | undefined,
    options: ConnectingOptions<In, Out> = {},
  ): OneEnded<In, Out> {
    const remedy = 'an accepted connection is open from 0 ms; connect has a handshake'
    return this.#oneEnded('server', handler, readOneEnded('accept', options), { remedy })
  }

  connect<In, Out>(
    handler: Handler<In, Out> | undefined,
    options: ConnectingOptions<In, Out> = {},
  ): OneEnded<In, Out> {
    const given = readOneEnded('connect', options)
    const remedy =
      'the handshake completes by itself; say connect(handler, { opens: false }) to script it'
    const handshake = given.opens === false ? 'by the script' : { remedy }
    return this.#oneEnded('client', handler, given, handshake)
  }

  link<In, Out>(
    handlers: LinkHandlers<In, Out>,
    options: LinkOptions<In, Out> = {},
  ): Link<In, Out, Out, In> {
    const { server = {}, client = {}, ...wire } = readLink(options)
    const toClient = this.#lane(wire)
    const toServer = this.#lane(wire)
    const serverSocket = this.#socket(toClient, toServer, server)
    const clientSocket = this.#socket(toServer, toClient, client)
    const link = {
      server: this.#connection('server', handlers.server, server, serverSocket),
      client: this.#connection('client', handlers.client, client, clientSocket),
      ...verbsOf({
        scheduler: this.#scheduler,
        sockets: [serverSocket, clientSocket],
        lanes: { toServer, toClient },
      }),
    }
    this.#scheduler.schedule(() => {
      clientSocket.request()
      // on a perfect wire both are open before anything the script does at that time
      toServer.settle()
      toClient.settle()
    })
    return link
  }

  serve<In, Out>(
    handler: Handler<In, Out> | undefined,
    options: VirtualServerOptions<In, Out> = {},
  ): VirtualServer<In, Out> {
    const { wire = {}, ...rest } = readVirtualServer(options)
    const number = this.#servers.length + 1
    const server = new VirtualServer<In, Out>({
      scheduler: this.#scheduler,
      latency: readWire(wire).latency,
      lane: () => this.#lane(wire),
      socket: (out, incoming) => this.#socket(out, incoming, rest),
      connection: (opened, socket, handshake) =>
        this.#connection('server', opened, rest, socket, handshake),
      handler,
      handshakes: this.journal.recording<string>(`server ${number}: handshakes`),
    })
    this.#servers.push(server)
    return server
  }

  /** Closes the journal, and drops what still lives. */
  end(): readonly Connection<unknown, never>[] {
    this.journal.close()
    for (const server of this.#servers) server.freeze()
    const alive = this.#connections.filter(({ connection }) => connection.state !== 'closed')
    for (const { socket } of alive) socket.terminate()
    return alive.map(({ connection }) => connection)
  }

  #oneEnded<In, Out>(
    side: 'server' | 'client',
    handler: Handler<In, Out> | undefined,
    { wire = {}, handshake = {}, opens = 0, ...options }: ConnectingOptions<In, Out>,
    shaken: PeerParts['handshake'],
  ): OneEnded<In, Out> {
    const delay = opens === false ? undefined : milliseconds(opens)
    const toPeer = this.#lane(wire)
    const fromPeer = this.#lane(wire)
    const near = this.#socket(toPeer, fromPeer, options)
    const far = new VirtualSocket(this.#scheduler, fromPeer, toPeer)
    const connection = this.#connection(side, handler, options, near, handshake)
    const peer = new Peer({
      scheduler: this.#scheduler,
      far,
      near,
      toPeer,
      fromPeer,
      handshake: shaken,
      received: this.journal.recording<Message>(`${connection.id}: peer.received`),
      frames: this.journal.recording<Frame>(`${connection.id}: peer.frames`),
    })
    // before anything the script does at that time
    if (delay !== undefined) {
      this.#scheduler.schedule(() => {
        far.open()
        near.open()
      }, delay)
    }
    return { connection, peer }
  }

  #lane(wire: WireOptions): Lane {
    return new Lane(this.#scheduler, this.#random, wire)
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
    handshake: Partial<Handshake> = {},
  ): Connection<In, Out> {
    const settings = readSettings<In, Out, unknown>(
      side,
      side,
      { scheduler: this.#scheduler, random: this.#random, ...options },
      typeof handler === 'function'
        ? connection => {
            const writer = handler(connection)
            this.returned(writer)
            return writer
          }
        : handler,
    )
    const id = `${side}-${this.#connections.length + 1}`
    const connection = new SocketConnection(
      settings,
      socket,
      { ...emptyHandshake, ...handshake },
      id,
    )
    this.#connections.push({ connection, socket })
    this.journal.watch(connection, socket)
    return connection
  }
}
