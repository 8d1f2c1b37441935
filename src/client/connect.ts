/** Connect: opens a connection, as often as it is subscribed to. */

import { Observable } from 'rxjs'
import type { Close } from '../close.js'
import type { Connection, Handler } from '../connection/connection.js'
import type { Handshake } from '../connection/handshake.js'
import { ids } from '../connection/id.js'
import { readSettings } from '../connection/settings.js'
import { SocketConnection } from '../connection/socket-connection.js'
import { isFinal } from '../ending.js'
import { ClosedError, HandshakeError } from '../errors.js'
import { group } from '../option.js'
import type { Message } from '../socket.js'
import { type Address, readAddress } from './address.js'
import { connectOptionNames, type ConnectOptions, readDialing } from './connect-options.js'
import type { Answer } from './dial.js'
import { DialedSocket } from './dialed-socket.js'

/**
 * Opens a connection at each subscription, and emits it at once, in `connecting`: what is sent
 * before it is open waits in the outbox; the handler is called when it opens. Unsubscribing closes
 * it with 1000, so `take(1)` and `firstValueFrom` close it, too.
 *
 * Completes when this side closed the connection, or the peer did with 1000 or without a code. All
 * other endings are errors: a {@link HandshakeError} when it never opened and the server, or the
 * network, said so; else a {@link ClosedError} with the {@link Close}.
 *
 * @throws {TypeError} for an address or an option that makes no sense, also one that this platform
 * lacks.
 */
export function connect<In = Message, Out = In>(
  url: Address,
  options: ConnectOptions<In, Out> = {},
  handler?: NoInfer<Handler<In, Out>>,
): Observable<Connection<In, Out>> {
  return connecting('connect', url, options, handler)
}

/** {@link connect}, under the name of the function that the options were given to. */
export function connecting<In, Out>(
  name: string,
  url: Address,
  options: ConnectOptions<In, Out>,
  handler: Handler<In, Out> | undefined,
): Observable<Connection<In, Out>> {
  group(name, options, connectOptionNames)
  const address = readAddress(`${name}: url`, url)
  const settings = readSettings(name, 'client', options, handler)
  const { dial, ...request } = readDialing(name, options)
  const { scheduler, timeouts } = settings
  const nextId = ids(settings.random)

  return new Observable(subscriber => {
    const handshake = new ClientHandshake()
    const socket = new DialedSocket(scheduler)
    const owner = {
      ended: ({ closed }: Connection<In, Out>) =>
        void closed.subscribe(close => {
          const error = failureOf(close)
          if (error) subscriber.error(error)
          else subscriber.complete()
        }),
    }
    const connection = new SocketConnection<In, Out, unknown>(
      settings,
      socket,
      handshake,
      nextId(),
      owner,
    )
    subscriber.next(connection)
    if (!subscriber.closed) {
      socket.dial(address, url => {
        handshake.url = url
        return dial({ ...request, url, scheduler, closeTimeout: timeouts.close }, answer =>
          handshake.answered(answer),
        )
      })
    }
    return () => connection.close()
  })
}

// What is known grows: the address when it was asked for, the rest with the answer.
class ClientHandshake implements Handshake {
  url = ''
  headers: Handshake['headers'] = {}
  readonly origin = undefined
  remoteAddress: string | undefined
  protocol = ''
  readonly principal = undefined

  answered({ protocol, headers = {}, remoteAddress }: Answer): void {
    this.protocol = protocol
    this.headers = headers
    this.remoteAddress = remoteAddress
  }
}

function failureOf(close: Close): Error | undefined {
  if (isFinal(close)) return undefined
  return close.cause instanceof HandshakeError ? close.cause : new ClosedError(close)
}
