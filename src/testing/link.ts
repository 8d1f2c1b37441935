/** Link: two real connections joined by a virtual wire, and the faults of that wire. */

import type { SchedulerLike } from 'rxjs'
import type { Connection } from '../connection/connection.js'
import type { Lane } from './lane.js'
import type { VirtualSocket } from './virtual-socket.js'

/**
 * Two connections and the wire between them. Its verbs act at the time at which they are said, in
 * the script itself at 0 ms; none needs `this`.
 */
export interface Link<ServerIn, ServerOut, ClientIn, ClientOut> {
  /** The connection as the server has it. */
  readonly server: Connection<ServerIn, ServerOut>
  /** The connection as the client has it. */
  readonly client: Connection<ClientIn, ClientOut>
  /** Resets the connection: both ends lose it at once, and what is under way. */
  readonly cut: () => void
  /** Nothing arrives any more, and nobody is told: in one direction, or in both (half-open). */
  readonly stall: (direction?: 'toServer' | 'toClient') => void
  /** The network works again; what was under way arrives now. */
  readonly resume: () => void
}

/** What a link is made of. */
export interface LinkParts {
  readonly scheduler: SchedulerLike
  readonly sockets: readonly VirtualSocket[]
  readonly lanes: { readonly toServer: Lane; readonly toClient: Lane }
}

/** The verbs of a link. */
export function verbsOf({
  scheduler,
  sockets,
  lanes: { toServer, toClient },
}: LinkParts): Pick<Link<never, never, never, never>, 'cut' | 'stall' | 'resume'> {
  const soon = (action: () => void) => {
    scheduler.schedule(() => action())
  }
  return {
    cut: () =>
      soon(() => {
        toServer.settle()
        toClient.settle()
        for (const socket of sockets) socket.reset()
      }),
    stall: direction =>
      soon(() => {
        if (direction !== 'toClient') toServer.stall()
        if (direction !== 'toServer') toClient.stall()
      }),
    resume: () =>
      soon(() => {
        toServer.resume()
        toClient.resume()
      }),
  }
}
