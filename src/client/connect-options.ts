/** Connect options: how a client dials, read at the door. */

import { dial as platformDial } from '#dial'
import { type CompressionOptions, readCompression } from '../compression.js'
import {
  connectionOptionNames,
  type ConnectionOptions,
  mebibyte,
  most,
  mostFragments,
} from '../connection/settings.js'
import { headerValue, token } from '../http-header.js'
import { callable, group, refused, refusedUnseen, shaped, whole } from '../option.js'
import type { Message } from '../socket.js'
import type { Dial, DialRequest } from './dial.js'
import { type HttpAgent, tlsOptionNames, type TlsOptions } from './node-options.js'

/** How a client connects. Every option has a default. */
export interface ConnectOptions<In = Message, Out = Message> extends ConnectionOptions<In, Out> {
  /** The subprotocols to offer, the best first (RFC 6455, section 1.9). Default: none. */
  protocols?: string | readonly string[] | undefined
  /** Headers of the request, such as `authorization`. Node only: a browser sends none of yours. */
  headers?: Readonly<Record<string, string>> | undefined
  /** An agent of `node:http` or `node:https`, such as one for a proxy. Node only. */
  agent?: HttpAgent | undefined
  /** Certificates and whom to trust. Node only. */
  tls?: TlsOptions | undefined
  /** How large a message may be. Default: 1 MiB in 16,384 frames. */
  limits?: ClientLimits | undefined
  /** Offers to compress messages (RFC 7692). Default `false`. Node only: a browser decides itself. */
  compression?: CompressionOptions | boolean | undefined
  /** How sockets are opened. Default: the browser's WebSocket, or `ws` in Node. */
  dial?: Dial | undefined
}

/** Bounds, each with what happens beyond it. */
export interface ClientLimits {
  /** Bytes of one message: a larger one closes with 1009. Default 1 MiB. */
  payload?: number | undefined
  /** Frames of one message: one in more closes with 1008. Default 16,384; not seen in browsers. */
  fragments?: number | undefined
}

export const connectOptionNames = [
  ...connectionOptionNames,
  'protocols',
  'headers',
  'agent',
  'tls',
  'limits',
  'compression',
  'dial',
] as const

type Dialing = Omit<DialRequest, 'url' | 'scheduler' | 'closeTimeout'> & { readonly dial: Dial }

/** @throws {TypeError} for one that makes no sense, or that this platform lacks. */
export function readDialing(
  name: string,
  options: Omit<ConnectOptions, keyof ConnectionOptions>,
): Dialing {
  const at = (option: string) => `${name}: ${option}`
  const dial = callable(at('dial'), options.dial) ?? platformDial
  for (const option of dial.lacks ?? []) {
    if (options[option] === undefined || options[option] === false) continue
    refusedUnseen(at(option), 'possible here: a WebSocket of a browser takes none')
  }
  const limits = group(at('limits'), options.limits, ['payload', 'fragments'])
  readCompression(at('compression'), options.compression)
  const { agent, tls } = options
  // in place of an object somebody may give an address with a password, or a key
  if (typeof agent === 'string') refusedUnseen(at('agent'), 'an agent of node:http')
  if (typeof tls === 'string') refusedUnseen(at('tls'), 'an object')
  return {
    dial,
    protocols: readProtocols(at('protocols'), options.protocols),
    headers: readHeaders(at('headers'), options.headers),
    agent: agent === undefined ? undefined : shaped(at('agent'), agent, undefined, ['destroy']),
    tls: group(at('tls'), tls, tlsOptionNames),
    payload: whole(at('limits.payload'), limits.payload, mebibyte, 1, most),
    fragments: whole(at('limits.fragments'), limits.fragments, mostFragments, 1, most),
    compression: options.compression ?? false,
  }
}

const ours = /^(connection|upgrade|sec-websocket-.*)$/i

function readProtocols(name: string, value: ConnectOptions['protocols']): readonly string[] {
  if (value === undefined) return []
  const all: unknown = typeof value === 'string' ? [value] : value
  if (!Array.isArray(all)) refused(name, value, 'a subprotocol, or a list of them')
  for (const each of all) {
    // not the value: it may be the token of somebody
    if (typeof each !== 'string' || !token.test(each)) refusedUnseen(name, 'a token of HTTP')
    if (all.indexOf(each) !== all.lastIndexOf(each)) refusedUnseen(name, 'there only once')
  }
  return all as readonly string[]
}

function readHeaders(name: string, value: ConnectOptions['headers']) {
  if (value === undefined) return undefined
  // a Map or a Headers has no names of its own; and what is no object may be a secret too
  if (typeof value !== 'object' || (value as unknown) === null || Symbol.iterator in value) {
    return refusedUnseen(name, 'an object with a text for each name')
  }
  for (const [header, content] of Object.entries(value)) {
    if (!token.test(header)) refused(name, header, 'a name of a header')
    if (ours.test(header)) refused(name, header, 'a header of yours: the handshake has its own')
    if (typeof content !== 'string' || !headerValue.test(content)) {
      refusedUnseen(`${name}: ${header}`, 'a text of one line')
    }
  }
  return value
}
