/** Acceptor: turns upgrade requests into connections, by one set of options. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SchedulerLike } from 'rxjs'
import type { Connection, Handler } from '../connection/connection.js'
import { SocketConnection } from '../connection/socket-connection.js'
import type { Handshake } from '../connection/handshake.js'
import { ids } from '../connection/id.js'
import { RateWatch } from '../connection/rate-watch.js'
import { Roster } from '../connection/roster.js'
import { readSettings, type Settings } from '../connection/settings.js'
import { callable } from '../option.js'
import type { WsSocket } from '../ws-socket.js'
import { acceptOptions, type AcceptOptions, type AcceptSettings } from './accept-options.js'
import { type Authenticate, Refused, verdictOf } from './authenticate.js'
import { Guests } from './guests.js'
import { Place, Places } from './places.js'
import { type Seen, seenThrough } from './through-proxy.js'
import { checkHandshake, checkOriginOf, internalError, type Refusal, turnAway } from './upgrade.js'
import { createUpgrader, type Upgrader } from './upgrader.js'

type Opened<In, Out, P> = (connection: Connection<In, Out, P>) => void

/** A request on its way in. */
interface Asking {
  readonly request: IncomingMessage
  readonly tcp: Duplex
  readonly head: Buffer
  readonly seen: Seen
  readonly protocol: string
  /** When it came. */
  readonly since: number
  readonly place: Place
  /** Gives the place back when TCP ends. */
  readonly left: () => void
}

/** What gives a connection's place back; one small object for each, where a closure were two. */
class Stay<In, Out, P> {
  readonly #at: Acceptor<In, Out, P>
  readonly #place: Place

  constructor(at: Acceptor<In, Out, P>, place: Place) {
    this.#at = at
    this.#place = place
  }

  ended(connection: SocketConnection<In, Out, P>): void {
    this.#place.leave()
    this.#at.roster.remove(connection)
    this.#at.gone?.()
  }
}

export class Acceptor<In, Out, P> {
  readonly handshakeTimeout: number | undefined
  readonly closeTimeout: number | undefined
  readonly scheduler: SchedulerLike
  /** All that are not closed, and the counts of all that were here. */
  readonly roster: Roster<SocketConnection<In, Out, P>>
  /** Told when a connection is gone. */
  gone: (() => void) | undefined
  // why nobody may come in any more
  #refusal: Refusal | undefined
  readonly #options: AcceptSettings
  readonly #authenticate: Authenticate<P> | undefined
  readonly #places: Places
  readonly #guests: Guests
  // let in to be told why they are not
  readonly #refused = new Set<WsSocket>()
  readonly #upgrade: Upgrader
  readonly #settings: Settings<In, Out, P>
  readonly #nextId: () => string

  constructor(
    name: string,
    options: AcceptOptions<In, Out, P>,
    handler: Handler<In, Out, P> | undefined,
  ) {
    const settings = readSettings(name, 'server', options, handler)
    const { timeouts, scheduler } = settings
    this.#options = acceptOptions(name, options, timeouts.close)
    const { rate } = this.#options
    this.#authenticate = callable(`${name}: authenticate`, options.authenticate)
    this.handshakeTimeout = timeouts.handshake
    this.closeTimeout = timeouts.close
    this.scheduler = scheduler
    this.roster = new Roster(scheduler, settings.sweep.roundTrips)
    this.#places = new Places(this.#options.connections, this.#options.perAddress)
    this.#guests = new Guests(scheduler)
    this.#upgrade = createUpgrader(this.#options)
    this.#nextId = ids(settings.random)
    this.#settings = {
      ...settings,
      holdToRate:
        rate &&
        ((socket, brake, exceeded) => new RateWatch(rate, socket, scheduler, brake, exceeded)),
      // the HTTP server has waited for the handshake: a connection is open from birth
      timeouts: { ...timeouts, handshake: undefined },
    }
  }

  get path(): string | undefined {
    return this.#options.path
  }

  /** From now on nobody gets in, and who waits is sent away. */
  shut(refusal: Refusal): void {
    this.#refusal = refusal
    this.#guests.dismiss()
    // their Close frames are written: who has not answered need not be waited for
    for (const socket of this.#refused) socket.terminate()
  }

  /** Sends away who waits to be let in; others may come later. */
  dismiss(): void {
    this.#guests.dismiss()
  }

  /** Makes the request a connection and hands it on, or refuses it. */
  take(request: IncomingMessage, tcp: Duplex, head: Buffer, opened: Opened<In, Out, P>): void {
    // between the upgrade and ws nobody else listens, and an ECONNRESET would end the process
    tcp.on('error', destroy)
    const seen = seenThrough(request, this.#options.hops)
    const refusal =
      checkHandshake(request) ??
      checkOriginOf(request, seen.own, this.#options.checkOrigin) ??
      this.#refusal
    if (refusal) {
      this.#turnAway(tcp, refusal)
      return
    }
    const protocol = this.#options.choose(request)
    const place = typeof protocol === 'string' ? this.#places.take(seen.address) : protocol
    if (typeof protocol !== 'string' || !(place instanceof Place)) {
      this.#turnAway(tcp, place as Refusal)
      return
    }
    const left = () => place.leave()
    tcp.once('close', left)
    const since = this.scheduler.now()
    this.#ask({ request, tcp, head, seen, protocol, since, place, left }, opened)
  }

  #turnAway(tcp: Duplex, refusal: Refusal): void {
    this.roster.refuse(refusal.status)
    turnAway(tcp, refusal)
  }

  #ask(asking: Asking, opened: Opened<In, Out, P>): void {
    const { request, tcp } = asking
    if (!this.#authenticate) {
      // without it the types say so too: P is unknown then
      this.#open(asking, undefined as P, opened)
      return
    }
    const refuse = (refusal: Refusal) => this.#turnAway(tcp, refusal)
    this.#guests.wait(tcp, verdictOf(this.#authenticate, request), this.handshakeTimeout, {
      answered: verdict => {
        if (!(verdict instanceof Refused)) this.#open(asking, verdict, opened)
        else if (verdict.closeCode === undefined) refuse(verdict)
        else {
          this.roster.refuse(verdict.status)
          this.#openAndClose(asking, verdict.closeCode, verdict.reason)
        }
      },
      failed: cause => refuse(internalError('authenticate', cause)),
      late: () => refuse(tooLate),
      dismissed: () => refuse(this.#refusal ?? tooLate),
    })
  }

  #open(
    { request, tcp, head, seen, protocol, since, place, left }: Asking,
    principal: P,
    opened: Opened<In, Out, P>,
  ) {
    this.#upgrade(request, tcp, head, protocol, socket => {
      tcp.off('error', destroy).off('close', left)
      const handshake = handshakeOf(request, seen, protocol, principal)
      this.#begin(socket, handshake, since, place, opened)
    })
  }

  #begin(
    socket: WsSocket,
    handshake: Handshake<P>,
    since: number,
    place: Place,
    opened: Opened<In, Out, P>,
  ): void {
    const id = this.#nextId()
    const stay = new Stay(this, place)
    const connection = new SocketConnection(this.#settings, socket, handshake, id, stay)
    this.roster.add(connection, this.scheduler.now() - since)
    socket.open()
    opened(connection)
  }

  // For a page, which sees no status.
  #openAndClose({ request, tcp, head, protocol }: Asking, code: number, reason: string): void {
    this.#upgrade(request, tcp, head, protocol, socket => {
      tcp.off('error', destroy)
      this.#refused.add(socket)
      const cut = this.scheduler.schedule(() => socket.terminate(), this.closeTimeout ?? 5_000)
      socket.addListener('close', () => {
        cut.unsubscribe()
        this.#refused.delete(socket)
      })
      socket.close(code, reason)
    })
  }
}

const tooLate: Refusal = {
  status: 503,
  message: 'It took too long to find out who you are',
  headers: { 'Retry-After': '5' },
}

function destroy(this: Duplex): void {
  this.destroy()
}

function handshakeOf<P>(
  request: IncomingMessage,
  { address }: Seen,
  protocol: string,
  principal: P,
): Handshake<P> {
  return {
    url: request.url ?? '',
    headers: request.headers,
    origin: request.headers.origin,
    remoteAddress: address,
    protocol,
    principal,
  }
}
