/** RFC 7692, as far as `ws` speaks it, on our server and on our client. */

import type { Socket } from 'node:net'
import { constants } from 'node:zlib'
import { firstValueFrom, mergeMap } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect } from 'rivulet'
import { dialed } from '../wire/dialed.js'
import { checkLeaks } from '../wire/leak-check.js'
import { RawClient, upgradeRequest } from '../wire/raw-client.js'
import { rawServing, switching } from '../wire/raw-server.js'
import { serving } from '../wire/serving.js'
import { Compressor, Decompressor, stored } from './deflate.js'
import { limits } from './limits.js'
import { type Borders, cut, dice, judge, outcome, play } from './peer.js'
import { bytes, type Case } from './table.js'
import { binary, close, frame, more, open, pieces, ping, pong, text, type Wire } from './wire.js'

checkLeaks()

type Side = 'server' | 'client'

/** What both directions are agreed to, and what the peer makes of it. */
interface Terms {
  readonly window: number
  readonly takeover: boolean
}

const header = ({ window, takeover }: Terms) =>
  [
    'permessage-deflate',
    ...(takeover ? [] : ['server_no_context_takeover', 'client_no_context_takeover']),
    ...(window === 15
      ? []
      : [`server_max_window_bits=${window}`, `client_max_window_bits=${window}`]),
  ].join('; ')

const options = ({ window, takeover }: Terms) => ({
  limits,
  compression: {
    threshold: 0,
    serverTakeover: takeover,
    clientTakeover: takeover,
    ...(window < 15 && { serverWindow: window, clientWindow: window }),
  },
})

/** Plays the case with our `side`, compression agreed on: the frames that came back, decompressed. */
async function played(side: Side, terms: Terms, each: Case, borders: Borders): Promise<void> {
  const random = dice(each.what.length)
  const chunksOf = (all: Buffer) => cut(all, borders, random)
  const decompressor = new Decompressor(terms)
  const decompressed = (got: readonly Wire[]) =>
    got.map(wire => {
      if (wire.rsv !== 4) return wire
      return { ...wire, rsv: 0, payload: decompressor.decompress(wire.payload) }
    })
  if (side === 'server') {
    const { port, server } = await serving(options(terms), ({ messages }) => messages)
    const ended = firstValueFrom(server.connections.pipe(mergeMap(({ closed }) => closed)))
    const { tcp, ...client } = await asking(port, header(terms))
    expect(client.agreed?.split('; ').sort()).toEqual(header(terms).split('; ').sort())
    judge(each, decompressed(await play(tcp, each, 'client', chunksOf, true)), await ended)
    return
  }
  let ask!: (tcp: Socket) => void
  const asked = new Promise<Socket>(resolve => (ask = resolve))
  const { url } = await rawServing((tcp, key) => {
    tcp.write(switching(key, { 'Sec-WebSocket-Extensions': header(terms) }))
    ask(tcp)
  })
  const { closed } = dialed(connect(url, options(terms), ({ messages }) => messages))
  const got = await play(await asked, each, 'server', chunksOf, true)
  judge(each, decompressed(got), await closed)
}

async function asking(port: number, offer: string): Promise<{ tcp: Socket; agreed?: string }> {
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': offer } }))
  const { headers } = await client.answer()
  client.tcp.removeAllListeners('data')
  const agreed = headers['sec-websocket-extensions']
  return { tcp: client.tcp, ...(agreed !== undefined && { agreed }) }
}

const rsv = 4
const plain = { window: 15, takeover: false }
const compress = (message: string | Buffer, how = {}) =>
  new Compressor(plain).compress(Buffer.from(message as string), how)
const hello = Buffer.from('Hello')
/** The second of two equal messages, which says "as before". */
function farBack(): Buffer {
  const compressor = new Compressor({ window: 15, takeover: true })
  compressor.compress(bytes(200))
  return compressor.compress(bytes(200))
}
// 7.2.3: the examples of the RFC
const example = Buffer.from('f248cdc9c90700', 'hex')

const good: readonly [section: string, what: string, sends: Wire[], gets: Wire[]][] = [
  ['7.2.3.1', 'one block', [text(example, { rsv })], [text(hello)]],
  ['7.2.3.1', 'one block in two frames', pieces(text(example, { rsv }), 2), [text(hello)]],
  [
    '7.2.3.1',
    'one block in a frame for each byte',
    pieces(text(example, { rsv }), 7),
    [text(hello)],
  ],
  ['7.2.3.3', 'a block without compression', [text(stored(hello), { rsv })], [text(hello)]],
  [
    '7.2.3.4',
    'a block with the final bit',
    [text(Buffer.from('f348cdc9c9070000', 'hex'), { rsv })],
    [text(hello)],
  ],
  [
    '7.2.3.5',
    'two blocks',
    [text(Buffer.from('f248050000 00ffffcac9c90700'.replace(' ', ''), 'hex'), { rsv })],
    [text(hello)],
  ],
  ['7.2.3.6', 'an empty message', [text(Uint8Array.of(0), { rsv })], [text()]],
  ['7.2.3.6', 'an empty message in fixed codes', [text(Uint8Array.of(2, 0), { rsv })], [text()]],
  [
    '7.2.1',
    'fixed codes only',
    [text(compress('aaaaaaa', { strategy: constants.Z_FIXED }), { rsv })],
    [text('aaaaaaa')],
  ],
  [
    '7.2.1',
    'Huffman codes only',
    [binary(compress(bytes(3_000), { strategy: constants.Z_HUFFMAN_ONLY }), { rsv })],
    [binary(bytes(3_000))],
  ],
  [
    '6',
    'a message that is not compressed',
    [text('plain'), text(example, { rsv })],
    [text('plain'), text(hello)],
  ],
  [
    '6.1',
    'a ping between compressed frames',
    [text(example.subarray(0, 3), { rsv, fin: false }), ping('p'), more(example.subarray(3))],
    [pong('p'), text(hello)],
  ],
  [
    '6.1',
    'empty frames of a compressed message',
    [text('', { rsv, fin: false }), more(example, open), more()],
    [text(hello)],
  ],
  ['7.2.1', '1 MiB', [binary(compress(bytes(2 ** 20)), { rsv })], [binary(bytes(2 ** 20))]],
  [
    '7.2.1',
    '4 MiB in 64 frames',
    pieces(binary(compress(bytes(2 ** 22), { level: 0 }), { rsv }), 64),
    [binary(bytes(2 ** 22))],
  ],
]

const bad: readonly [section: string, what: string, fails: number, sends: Wire[]][] = [
  ['6', 'RSV1 of a ping', 1002, [ping('', { rsv })]],
  ['6', 'RSV1 of a pong', 1002, [pong('', { rsv })]],
  ['6', 'RSV1 of a Close frame', 1002, [{ ...close(1000), rsv }]],
  ['6.1', 'RSV1 of a continuation', 1002, [text(example, { rsv, fin: false }), more('', { rsv })]],
  [
    '6.1',
    'RSV1 of the continuation of a plain message',
    1002,
    [text('a', open), more('', { rsv })],
  ],
  ['5.2', 'RSV2 of a compressed message', 1002, [text(example, { rsv: 6 })]],
  ['5.2', 'RSV3 of a compressed message', 1002, [text(example, { rsv: 5 })]],
  ['7.2.2', 'a block of the reserved type', 1007, [text(Uint8Array.of(7, 0), { rsv })]],
  [
    '7.2.2',
    'a stored block whose lengths differ',
    1007,
    [text(Uint8Array.of(0, 1, 0, 1, 0, 65), { rsv })],
  ],
  ['7.2.2', 'a distance beyond the beginning', 1007, [text(farBack(), { rsv })]],
  ['7.2.2', 'bytes at random', 1007, [binary(bytes(200).reverse(), { rsv })]],
  [
    '8.1',
    'text that is not UTF-8 when it is decompressed',
    1007,
    [text(compress(Buffer.from([0xff])), { rsv })],
  ],
  [
    '10.4',
    'a message over the limit when it is decompressed',
    1009,
    [binary(compress(Buffer.alloc(limits.payload + 1)), { rsv })],
  ],
  ['5.2', 'a reserved opcode, compressed', 1002, [frame(3, example, { rsv })]],
]

const table: readonly Case[] = [
  ...good.map(([section, what, sends, gets]) => ({ section, what, sends, gets })),
  ...bad.map(([section, what, fails, sends]) => ({
    section,
    what,
    sends,
    gets: [],
    ends: { fails },
  })),
]

describe.each<Side>(['server', 'client'])('our %s', side => {
  describe.each<Borders>(['whole', 'byte by byte', 'at random'])('written %s', borders => {
    test.each(table.map(each => [`${each.section}: ${each.what} ${outcome(each)}`, each] as const))(
      '%s',
      async (_, each) => played(side, plain, each, borders),
    )
  })

  const terms = [9, 10, 11, 12, 13, 14, 15].flatMap(window =>
    [true, false].map(takeover => ({ window, takeover })),
  )
  test.each(terms)('7.1: speaks with %j', async agreed => {
    const compressor = new Compressor(agreed)
    const messages = [
      'Hello',
      'Hello',
      '',
      'κόσμε 😀 '.repeat(1_000),
      'κόσμε 😀 '.repeat(1_000),
      Array.from({ length: 20_000 }, (_, at) => `${(at * 7_919) % 10_007}`).join(' '),
    ].map(each => Buffer.from(each))
    const sends = messages.map(each => text(compressor.compress(each), { rsv }))
    // the window and the takeover are used: else nothing is tried
    if (agreed.takeover) expect(sends[1]!.payload.length).toBeLessThan(sends[0]!.payload.length)
    const gets = messages.map(each => text(each))
    await played(side, agreed, { section: '7.1', what: '', sends, gets }, 'at random')
  })
})

describe('7.1: an answer to our client', () => {
  const takeover = { serverTakeover: true, clientTakeover: true }
  test.each([
    ['permessage-deflate; client_max_window_bits=16', takeover],
    ['permessage-deflate; client_max_window_bits=7', takeover],
    ['permessage-deflate; client_max_window_bits', takeover],
    ['permessage-deflate; server_max_window_bits=16', takeover],
    ['permessage-deflate; server_max_window_bits', takeover],
    ['permessage-deflate; server_no_context_takeover=1', takeover],
    ['permessage-deflate; client_no_context_takeover; client_no_context_takeover', takeover],
    ['permessage-deflate; nonsense', takeover],
    ['permessage-deflate, permessage-deflate; x', takeover],
    ['permessage-deflate; client_max_window_bits=12', { ...takeover, clientWindow: 11 }],
    ['permessage-bzip2', takeover],
  ])('of %s is refused', async (answer, compression) => {
    const { url } = await rawServing((tcp, key) => {
      tcp.write(switching(key, { 'Sec-WebSocket-Extensions': answer }))
    })
    const { outcome } = dialed(connect(url, { compression }))
    expect(await outcome).toMatchObject({ code: 'ERR_HANDSHAKE', status: 101 })
  })
})
