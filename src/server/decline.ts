/**
 * Decline: leaves out the offers of compression that are not taken. Left to itself `ws` answers 400,
 * where RFC 7692, section 5.1, has a server go on without compression.
 */

import type { IncomingMessage } from 'node:http'
import * as ws from 'ws'
import type { Deflate } from '../compression.js'

type Offers = Record<string, Record<string, (string | true)[]>[]>

// not in its types yet
const { extension, PerMessageDeflate } = ws as unknown as {
  extension: { parse(header: string): Offers; format(offers: Offers): string }
  PerMessageDeflate: new (options: object) => { accept(offers: unknown[]): unknown }
}

const deflating = 'permessage-deflate'

/** A header that is malformed stays: that is a 400. */
export function declineOffers({ headers }: IncomingMessage, deflate: Deflate): void {
  const header = headers['sec-websocket-extensions']
  if (header === undefined || deflate === false) return
  const parsed = parse(header)
  if (!parsed) return
  const taken = (parsed[deflating] ?? []).filter(offer => takes(offer, deflate))
  if (taken.length > 0)
    headers['sec-websocket-extensions'] = extension.format({ [deflating]: taken })
  else delete headers['sec-websocket-extensions']
}

function parse(header: string): Offers | undefined {
  try {
    return extension.parse(header)
  } catch {
    return undefined
  }
}

function takes(offer: Offers[string][number], deflate: object): boolean {
  // zlib has no window of 256 bytes for raw deflate, and takes a larger one unasked
  if (offer['server_max_window_bits']?.includes('8')) return false
  try {
    // asking changes what it is asked of
    new PerMessageDeflate({ ...deflate, isServer: true }).accept([structuredClone({ ...offer })])
    return true
  } catch {
    return false
  }
}
