/** Through a proxy: how a server was asked, and from where, when a proxy stands in front of it. */

import type { IncomingMessage } from 'node:http'
import { parseOrigin } from './origin.js'

/** What a request says of both ends. */
export interface Seen {
  /** The origin under which this server was asked: scheme, host and port. */
  readonly own: string | undefined
  /** The address of the client. */
  readonly address: string | undefined
}

/**
 * `hops` is how many proxies stand in front and are trusted. Each appends to the list of
 * `X-Forwarded-For` where it got the request from, so that what counts is counted from the end:
 * what stands before may be anybody's invention.
 */
export function seenThrough(request: IncomingMessage, hops: number): Seen {
  const { headers, socket } = request
  const told = (name: string) => (hops === 0 ? undefined : nth(headers[name], hops))
  const scheme = told('x-forwarded-proto') ?? ('encrypted' in socket ? 'https' : 'http')
  const host = told('x-forwarded-host') ?? headers.host ?? ''
  return {
    own: ownOrigin(`${scheme}://${host}`),
    address: told('x-forwarded-for') ?? socket.remoteAddress,
  }
}

// Most requests ask for the same: what was read last is kept.
let asked: string | undefined
let own: string | undefined

function ownOrigin(text: string): string | undefined {
  if (text !== asked) {
    own = parseOrigin(text)
    asked = text
  }
  return own
}

// A proxy that sets a header anew leaves one value: then that is it.
function nth(header: string | readonly string[] | undefined, hops: number): string | undefined {
  const values = String(header ?? '')
    .split(',')
    .map(value => value.trim())
    .filter(value => value !== '')
  return values.at(-hops) ?? values[0]
}
