/** Two-ended: two connections under test that are joined by a wire. */

import type { Handler } from '../connection/connection.js'
import { type ConnectionOptions, connectionOptionNames } from '../connection/settings.js'
import { group } from '../option.js'
import { type WireOptions, wireOptionNames } from './wire.js'

/** The options of two connections that are joined; those at the top are the wire's. */
export interface LinkOptions<In, Out> extends WireOptions {
  /** Options of the server's connection. Default: those of every server. */
  server?: ConnectionOptions<In, Out> | undefined
  /** Options of the client's connection. Default: those of every client. */
  client?: ConnectionOptions<Out, In> | undefined
}

/** The handlers of both ends. */
export interface LinkHandlers<In, Out> {
  server?: Handler<In, Out> | undefined
  client?: Handler<Out, In> | undefined
}

/** @throws {TypeError} for an option that there is not. */
export function readLink<In, Out>(options: LinkOptions<In, Out>): LinkOptions<In, Out> {
  group('link: options', options, [...wireOptionNames, 'server', 'client'])
  group('link: server', options.server, connectionOptionNames)
  group('link: client', options.client, connectionOptionNames)
  return options
}
