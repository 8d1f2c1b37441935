/** What hostile peers write: nearly right, damaged, and cut anywhere. */

import fc from 'fast-check'
import { close, encode, frame, type Wire } from '../conformance/wire.js'

/** Bytes with some of them changed, left out, or put in. */
function damaged(bytes: Buffer, changes: readonly [number, number, number][]): Buffer {
  let all = bytes
  for (const [where, kind, byte] of changes) {
    const at = where % (all.length + 1)
    const put = kind === 1 ? [] : [byte]
    all = Buffer.concat([
      all.subarray(0, at),
      Buffer.from(put),
      all.subarray(at + (kind === 2 ? 0 : 1)),
    ])
  }
  return all
}

const changes = (maxLength: number) =>
  fc.array(fc.tuple(fc.nat(10_000), fc.nat(2), fc.nat(255)), { maxLength })

/** Where to cut, and how it ends. */
export interface Delivery {
  /** The sizes of the chunks, over and over; none is one chunk. */
  readonly sizes: readonly number[]
  readonly ending: 'end' | 'reset' | 'destroy'
}

const delivery: fc.Arbitrary<Delivery> = fc.record({
  sizes: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
  ),
  ending: fc.constantFrom('end', 'end', 'end', 'reset', 'destroy'),
})

export interface Hostile {
  readonly bytes: Buffer
  readonly delivery: Delivery
}

const headers = [
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]
const values = [
  '',
  '13',
  'websocket',
  'upgrade',
  'close',
  'keep-alive, Upgrade',
  'chunked',
  '0',
  '-1',
  '*',
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate;;',
  'http://127.0.0.1',
  'null',
  '1e9',
  '\0',
  'ü',
  'x'.repeat(9_000),
]
const names = [
  'Host',
  'Upgrade',
  'Connection',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Protocol',
  'Origin',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'X',
  '',
]
const header = fc
  .tuple(
    fc.constantFrom(...names),
    fc.oneof(fc.constantFrom(...values), fc.string({ maxLength: 12 })),
  )
  .map(([name, value]) => `${name}: ${value}`)
const methods = ['GET', 'GET', 'GET', 'GET', 'POST', 'HEAD', 'CONNECT', 'OPTIONS', 'get', '']
const targets = [
  '/',
  '/',
  '/',
  '/?a=b',
  '*',
  '//',
  'http://x/',
  '/%00',
  '',
  '/../',
  `/${'a'.repeat(3_000)}`,
]
const versions = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.9', 'X']

/** Opening handshakes. */
export const handshake: fc.Arbitrary<Hostile> = fc
  .record({
    first: fc.oneof(
      { weight: 3, arbitrary: fc.constant(['GET', '/', 'HTTP/1.1']) },
      fc.tuple(
        fc.constantFrom(...methods),
        fc.constantFrom(...targets),
        fc.constantFrom(...versions),
      ),
    ),
    kept: fc.shuffledSubarray([...headers, ...headers.slice(0, 1)], { minLength: 3 }),
    whole: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
    more: fc.oneof(fc.constant([]), fc.array(header, { maxLength: 3 })),
    changed: fc.oneof(fc.constant([]), changes(4)),
    behind: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 40 })),
    delivery,
  })
  .map(({ first, kept, whole, more, changed, behind, delivery }) => {
    const lines = [first.join(' '), ...(whole ? headers : kept), ...more, '', '']
    const bytes = damaged(Buffer.from(lines.join('\r\n'), 'latin1'), changed)
    return { bytes: Buffer.concat([bytes, behind]), delivery }
  })

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.constantFrom(Buffer.alloc(126, 'a'), Buffer.alloc(65_536, 'b'), Uint8Array.of(0xff)),
)
const opcode = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(1, 2, 9, 10) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(8) },
  { weight: 1, arbitrary: fc.nat(15) },
)
const closing = fc
  .constantFrom(1000, 1001, 1008, 3000, 4999, 1005, 2000)
  .map(code => close(code, 'so'))
const rarely = <T>(weight: number, usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, other)
const wire: fc.Arbitrary<Wire> = fc
  .record({
    opcode,
    payload,
    words: fc.string({ maxLength: 20 }),
    farewell: closing,
    fin: rarely(9, true, fc.constant(false)),
    rsv: rarely(20, 0, fc.constantFrom(4, 4, 4, 1, 2, 7)),
    wrongMask: rarely(40, false, fc.constant(true)),
    said: rarely<bigint | undefined>(40, undefined, fc.bigInt(0n, 2n ** 64n - 1n)),
  })
  .map(({ opcode, payload, words, farewell, said, ...flaws }) => {
    const all = { ...flaws, ...(said !== undefined && { said, lengthBits: 64 as const }) }
    if (opcode === 8) return { ...farewell, ...all, fin: true }
    // more often than not it is UTF-8, and short where it has to be
    const short = opcode > 7 || (opcode === 1 && payload.length % 4 > 0)
    return frame(opcode, short ? words : payload, { ...all, fin: opcode > 7 || flaws.fin })
  })

/** What our side does meanwhile; `after` counts messages. */
export interface Deed {
  readonly what: 'echo' | 'close' | 'complete' | 'error' | 'throw' | 'nothing' | 'leave'
  readonly after: number
}

/** Frames of a peer, and what our side does. */
export const sequence = (fromClient: boolean): fc.Arbitrary<Hostile & { deed: Deed }> =>
  fc
    .record({
      wires: fc.array(wire, { maxLength: 8 }),
      changed: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, changes(3)),
      delivery,
      deed: fc.record({
        what: fc.constantFrom(
          'echo',
          'echo',
          'echo',
          'close',
          'complete',
          'error',
          'throw',
          'nothing',
          'leave',
        ),
        after: fc.nat(3),
      }),
    })
    .map(({ wires, changed, ...rest }) => {
      const bytes = Buffer.concat(wires.map(each => encode(each, fromClient)))
      return { bytes: damaged(bytes, changed), ...rest }
    })
