/** One-ended: a connection under test whose far end is scripted. */

import type { Connection } from '../connection/connection.js'
import type { Handshake } from '../connection/handshake.js'
import { type ConnectionOptions, connectionOptionNames } from '../connection/settings.js'
import { group } from '../option.js'
import type { Duration } from './duration.js'
import type { Peer } from './peer.js'
import { type WireOptions, wireOptionNames } from './wire.js'

/** The options of a connection with a scripted peer. */
export interface OneEndedOptions<In, Out> extends ConnectionOptions<In, Out> {
  /** The wire between the two. Default: perfect. */
  wire?: WireOptions | undefined
  /** What the handler sees of the request. Default: all of it is empty. */
  handshake?: Partial<Handshake> | undefined
}

/** The options of a connection that a client opens to a scripted server. */
export interface ConnectingOptions<In, Out> extends OneEndedOptions<In, Out> {
  /** When the handshake completes; `false`: the script does it. Default at once. */
  opens?: Duration | false | undefined
}

/** A connection under test and its scripted peer. */
export interface OneEnded<In, Out> {
  /** The connection under test. */
  readonly connection: Connection<In, Out>
  /** The other end, which does what the script says. */
  readonly peer: Peer
}

const common = [...connectionOptionNames, 'wire', 'handshake'] as const

/** @throws {TypeError} for an option that there is not, with what to say instead. */
export function readOneEnded<In, Out>(
  name: 'accept' | 'connect',
  options: ConnectingOptions<In, Out>,
): ConnectingOptions<In, Out> {
  for (const option of wireOptionNames) {
    if (option in options) {
      throw new TypeError(`${name}: ${option} is of the wire; say { wire: { ${option}: … } }`)
    }
  }
  if (name === 'accept' && 'opens' in options) {
    throw new TypeError(
      'accept: an accepted connection is open from 0 ms; connect(handler, { opens }) has a handshake',
    )
  }
  group(`${name}: options`, options, name === 'connect' ? [...common, 'opens'] : common)
  group(`${name}: wire`, options.wire, wireOptionNames)
  return options
}
