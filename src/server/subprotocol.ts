/** Subprotocol: which one is spoken, of those that a client offers (RFC 6455, section 1.9). */

import type { IncomingMessage } from 'node:http'
import { token } from '../http-header.js'
import { refused } from '../option.js'
import { internalError, type Refusal } from './upgrade.js'

/**
 * The subprotocols that are spoken, the best first; or a function that chooses one of those that a
 * client offers, or none.
 */
export type Protocols =
  readonly string[] | ((offered: readonly string[], request: IncomingMessage) => string | undefined)

export type Choose = (request: IncomingMessage) => Refusal | string

/** @throws {TypeError} for what is no subprotocol. */
export function readProtocols(name: string, value: Protocols | undefined): Choose {
  if (typeof value === 'function') return chooser(value)
  const spoken: unknown = value ?? []
  if (!Array.isArray(spoken)) return refused(name, value, 'a list of subprotocols, or a function')
  for (const each of spoken) {
    if (typeof each !== 'string' || !token.test(each)) refused(name, each, 'a token of HTTP')
  }
  return chooser(offered => (spoken as string[]).find(each => offered.includes(each)))
}

function chooser(choose: Extract<Protocols, (...args: never[]) => unknown>): Choose {
  return request => {
    const header = request.headers['sec-websocket-protocol']
    if (header === undefined) return ''
    const offered = header.split(',').map(each => each.trim())
    if (!offered.every(each => token.test(each)) || new Set(offered).size < offered.length) {
      return { status: 400, message: 'Sec-WebSocket-Protocol is malformed' }
    }
    try {
      // a promise, or one that was not offered, would end the handshake at the client
      const chosen: unknown = choose(offered, request)
      if (chosen === undefined || (typeof chosen === 'string' && offered.includes(chosen))) {
        return chosen ?? ''
      }
      throw new TypeError(`protocols: what was chosen is not one of those that were offered`)
    } catch (cause) {
      return internalError('protocols', cause)
    }
  }
}
