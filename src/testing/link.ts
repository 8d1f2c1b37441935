/** Link: two real connections joined by a virtual wire, and the faults of that wire. */

import type { Connection } from '../connection/connection.js'
import type { Lane } from './lane.js'
import type { VirtualSocket } from './virtual-socket.js'

export class Link<ServerIn, ServerOut, ClientIn, ClientOut> {
  readonly server: Connection<ServerIn, ServerOut>
  readonly client: Connection<ClientIn, ClientOut>
  readonly #sockets: readonly VirtualSocket[]
  readonly #lanes: { readonly toServer: Lane; readonly toClient: Lane }

  constructor(
    server: Connection<ServerIn, ServerOut>,
    client: Connection<ClientIn, ClientOut>,
    sockets: readonly VirtualSocket[],
    lanes: { readonly toServer: Lane; readonly toClient: Lane },
  ) {
    this.server = server
    this.client = client
    this.#sockets = sockets
    this.#lanes = lanes
  }

  /** Resets the connection: both ends lose it at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.reset()
  }

  /** Nothing arrives any more, and nobody is told: in one direction, or in both (half-open). */
  stall(direction?: 'toServer' | 'toClient'): void {
    if (direction !== 'toClient') this.#lanes.toServer.stall()
    if (direction !== 'toServer') this.#lanes.toClient.stall()
  }

  /** The network works again; what was under way arrives now. */
  resume(): void {
    this.#lanes.toServer.resume()
    this.#lanes.toClient.resume()
  }
}
