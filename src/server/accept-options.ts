/** Accept options: how a server accepts connections, read at the door. */

import { type CompressionOptions, type Deflate, readCompression } from '../compression.js'
import { type Rate, type RateOptions, readRate } from '../connection/rate.js'
import {
  connectionOptionNames,
  type ConnectionOptions,
  mebibyte,
  most,
  mostFragments,
} from '../connection/settings.js'
import { callable, group, refused, text, whole } from '../option.js'
import type { Message } from '../socket.js'
import type { Authenticate } from './authenticate.js'
import { type CheckOrigin, sameOrigin } from './origin.js'
import { type Choose, type Protocols, readProtocols } from './subprotocol.js'

/** How a server accepts connections. Every option has a default. */
export interface AcceptOptions<
  In = Message,
  Out = Message,
  Principal = unknown,
> extends ConnectionOptions<In, Out> {
  /** The one path that is accepted, such as `'/ws'`. Default: every path. */
  path?: string | undefined
  /** Called for every request; anything but `true` is a 403. Default: {@link sameOrigin}. */
  checkOrigin?: CheckOrigin | undefined
  /** Says who a request comes from, or refuses it. Default: everybody may connect. */
  authenticate?: Authenticate<Principal> | undefined
  /**
   * The subprotocols that are spoken, the best first, or a function that chooses. Default: none. A
   * client that offers none of them is let in without one, and is the one to leave.
   */
  protocols?: Protocols | undefined
  /**
   * How many proxies in front are trusted to say who asks, and for what: `X-Forwarded-For`, `-Proto`
   * and `-Host`. `true` is one. Default `false`: whoever connects could say so.
   */
  trustProxy?: boolean | number | undefined
  /** How much a connection, an address and the server may take. Each has a default. */
  limits?: Limits | undefined
  /** Compresses messages, where the client can (RFC 7692). Default `false`. */
  compression?: CompressionOptions | boolean | undefined
}

/** Bounds, each with what happens beyond it. */
export interface Limits {
  /** Bytes of one message, decompressed: a larger one closes with 1009. Default 1 MiB. */
  payload?: number | undefined
  /** Frames of one message: one in more closes with 1008. Default 16,384. */
  fragments?: number | undefined
  /** Connections at a time: one more is a 503 with `Retry-After`. Default 10,000. */
  connections?: number | undefined
  /**
   * Connections at a time from one address, of IPv6 from one /64: one more is a 429 with
   * `Retry-After`. Default off.
   */
  perAddress?: number | false | undefined
  /** What a connection may send in a second: more closes with 1008, or waits. Default off. */
  rate?: RateOptions | false | undefined
}

export const acceptOptionNames = [
  ...connectionOptionNames,
  'path',
  'checkOrigin',
  'authenticate',
  'protocols',
  'trustProxy',
  'limits',
  'compression',
] as const

/** The options of accepting, read. */
export interface AcceptSettings {
  readonly path: string | undefined
  readonly checkOrigin: CheckOrigin
  readonly choose: Choose
  readonly hops: number
  readonly payload: number
  readonly fragments: number
  readonly connections: number
  readonly perAddress: number | undefined
  readonly rate: Rate | undefined
  readonly deflate: Deflate
  /** For the peer's Close frame, in ms. */
  readonly closeTimeout: number
}

/** @throws {TypeError} for an option that makes no sense. */
export function acceptOptions(
  name: string,
  options: Omit<AcceptOptions, keyof ConnectionOptions | 'authenticate'>,
  closeTimeout: number | undefined,
): AcceptSettings {
  const at = (option: string) => `${name}: ${option}`
  const limits = group(at('limits'), options.limits, [
    'payload',
    'fragments',
    'connections',
    'perAddress',
    'rate',
  ])
  const count = (limit: 'payload' | 'fragments' | 'connections', preset: number) =>
    whole(at(`limits.${limit}`), limits[limit], preset, 1, most)
  const { perAddress = false } = limits
  return {
    path: text(at('path'), options.path, /^\/[^?#\s]*$/, `a path like '/ws'`),
    checkOrigin: callable(at('checkOrigin'), options.checkOrigin) ?? sameOrigin,
    choose: readProtocols(at('protocols'), options.protocols),
    hops: readHops(at('trustProxy'), options.trustProxy),
    payload: count('payload', mebibyte),
    fragments: count('fragments', mostFragments),
    connections: count('connections', 10_000),
    perAddress:
      perAddress === false
        ? undefined
        : whole(at('limits.perAddress'), perAddress, undefined, 1, most),
    rate: readRate(at('limits.rate'), limits.rate),
    deflate: readCompression(at('compression'), options.compression),
    // ws has a timer of its own, and no way to be without
    closeTimeout: closeTimeout ?? most,
  }
}

function readHops(name: string, value: boolean | number | undefined): number {
  if (value === undefined || value === false) return 0
  if (value === true) return 1
  if (Number.isInteger(value) && value >= 0 && value <= 100) return value
  return refused(name, value, 'true, false, or how many proxies there are')
}
