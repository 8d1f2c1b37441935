/** Routes: which `accept` an upgrade request is for, where several share one HTTP server. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { pathOf, turnAway } from './upgrade.js'

/** Takes an upgrade request: answers it, one way or the other. */
export type Take = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** An HTTP server of any kind, as far as it is needed: of `node:http`, `node:https`, or one like them. */
export interface UpgradeServer {
  /** Adds a listener for upgrade requests. */
  on(event: 'upgrade', listener: Take): unknown
  /** Adds a listener for the end of the server. */
  once(event: 'close', listener: () => void): unknown
  /** Removes one of them. */
  off(event: 'upgrade' | 'close', listener: Take | (() => void)): unknown
  /** Who else listens for upgrade requests. */
  listeners(event: 'upgrade'): readonly unknown[]
}

type Listener = Take & {
  [routesOf]?: Map<string | undefined, Take>
  /** Told of a request for a path that nobody has. */
  lost?: (status: number) => void
}

// The table lives on the listener, and the listener on its server: nothing to clean up elsewhere.
// Registered, so that two copies of this package on one server know each other's listeners.
const routesOf = Symbol.for('rivulet.routes')

/**
 * Sends the server's upgrade requests for the path (any, when undefined) to `take`. Returns what
 * undoes it. `lost` is told of what is for no path: of who owns the server.
 *
 * @throws {Error} when the server has that path already: two answers on one socket would mix.
 */
export function addRoute(
  server: UpgradeServer,
  path: string | undefined,
  take: Take,
  lost?: (status: number) => void,
): () => void {
  const listener = listenerOn(server)
  if (lost) listener.lost = lost
  const routes = listener[routesOf] ?? new Map<string | undefined, Take>()
  if (routes.has(path)) {
    throw new Error(`accept: this server accepts ${path ?? 'every path'} already`)
  }
  routes.set(path, take)
  return () => {
    routes.delete(path)
    if (routes.size === 0) server.off('upgrade', listener)
  }
}

function listenersOf(server: UpgradeServer): Listener[] {
  return server.listeners('upgrade') as Listener[]
}

function listenerOn(server: UpgradeServer): Listener {
  const present = listenersOf(server).find(each => each[routesOf])
  if (present) return present
  const routes = new Map<string | undefined, Take>()
  const listener: Listener = (request, socket, head) => {
    const take = routes.get(pathOf(request)) ?? routes.get(undefined)
    if (take) {
      take(request, socket, head)
      return
    }
    // whoever else takes it may not listen yet, and an ECONNRESET would end the process
    socket.on('error', () => socket.destroy())
    // nobody else is there who might want it
    if (listenersOf(server).every(each => each[routesOf])) {
      listener.lost?.(404)
      turnAway(socket, { status: 404, message: 'There is no WebSocket at this path' })
    }
  }
  listener[routesOf] = routes
  server.on('upgrade', listener)
  return listener
}
