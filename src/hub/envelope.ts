/** Envelope: a message between processes: what it is, who sent it as the how many-th, and its bytes. */

import type { Random } from '../random.js'
import type { Message } from '../socket.js'

/*
 *   0      1        9        17         25
 * ┌──────┬────────┬────────┬──────────┬─────────┐   kind 1: text, as UTF-8; 2: binary
 * │ kind │ origin │ number │ previous │ payload │   the rest: float64, big-endian
 * └──────┴────────┴────────┴──────────┴─────────┘
 *
 * Who is no hub may send with zeros for all three.
 */
const text = 1
const binary = 2
const header = 25

/** Where a message is from, and where it stands among the others from there. */
export interface Stamp {
  /** Which hub it is from. */
  readonly origin: number
  /** Counts all that the hub publishes, from 1; 0: not counted. */
  readonly number: number
  /** The number of the last one in the same topic; 0: there is none that is known. */
  readonly previous: number
}

/** Who a hub is among the hubs of one broker. */
export function originBy(random: Random): number {
  const part = () => Math.floor(random() * 2 ** 24)
  return 1 + part() * 2 ** 24 + part()
}

export function seal(message: Message, { origin, number, previous }: Stamp): Uint8Array {
  const payload = typeof message === 'string' ? new TextEncoder().encode(message) : message
  const bytes = new Uint8Array(header + payload.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, typeof message === 'string' ? text : binary)
  view.setFloat64(1, origin)
  view.setFloat64(9, number)
  view.setFloat64(17, previous)
  bytes.set(payload, header)
  return bytes
}

/** @throws {Error} for what no hub has sent. */
export function stampOf(bytes: Uint8Array): Stamp {
  if (bytes.byteLength < header) throw new Error(notSealed)
  const view = new DataView(bytes.buffer, bytes.byteOffset, header)
  return { origin: view.getFloat64(1), number: view.getFloat64(9), previous: view.getFloat64(17) }
}

/** @throws {Error} for what no hub has sent, or text that is not UTF-8. */
export function unseal(bytes: Uint8Array): Message {
  const [kind] = bytes
  const payload = bytes.subarray(header)
  if (kind === text)
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
  // a copy: the broker's client may have more of the same buffer in use
  if (kind === binary) return new Uint8Array(payload)
  throw new Error(notSealed)
}

const notSealed = 'What came from the broker was not sent by a hub'
