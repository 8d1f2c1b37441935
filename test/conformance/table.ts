/** What a frame may look like, and what we make of it: the cases of RFC 6455, by its sections. */

import { closeCases } from './table-close.js'
import { textCases } from './table-text.js'
import { binary, frame, more, open, pieces, ping, pong, text, type Wire } from './wire.js'

/** A peer writes; we echo. Without an end the peer closes with 1000 behind it, and is answered. */
export interface Case {
  readonly section: string
  readonly what: string
  /** In order; bytes are written as they are. */
  readonly sends: readonly (Wire | Buffer)[]
  /** The frames that come back before the Close frame. Default: each message and each ping's pong. */
  readonly gets: readonly Wire[]
  readonly ends?: End
}

/** How it ends: we fail the connection, the peer closes it, or the peer goes without a word. */
export type End =
  | { readonly fails: number }
  | { readonly closed: number; readonly reason?: string }
  | { readonly lost: true }

/** The payload that all the large cases send: no two places within 251 bytes alike. */
export function bytes(length: number): Buffer {
  const block = Uint8Array.from({ length: 251 }, (_, at) => at)
  return Buffer.alloc(length, block)
}
const ascii = (length: number) => Buffer.alloc(length, 'RFC 6455, section 5. ')

const echoed = (section: string, what: string, ...sends: Wire[]): Case => ({
  section,
  what,
  sends,
  gets: sends.flatMap(each =>
    each.opcode === 9 ? [pong(each.payload)] : each.opcode < 3 ? [each] : [],
  ),
})

const failing = (section: string, what: string, fails: number, ...sends: Wire[]): Case => ({
  section,
  what,
  sends: [...sends, text('too late')],
  gets: [],
  ends: { fails },
})

const mebibyte = 2 ** 20
const sizes = [0, 1, 2, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, mebibyte]

const lengths: Case[] = [
  ...sizes.flatMap(size => [
    echoed('5.2', `a text of ${size} bytes`, text(ascii(size))),
    echoed('5.2', `a binary message of ${size} bytes`, binary(bytes(size))),
  ]),
  // RFC 6455: "the minimal number of bytes MUST be used"; it does not say that a reader has to mind
  ...[0, 1, 125].flatMap(size => [
    { ...echoed('5.2', `a length of ${size} in 16 bits`, text(ascii(size), { lengthBits: 16 })) },
    { ...echoed('5.2', `a length of ${size} in 64 bits`, text(ascii(size), { lengthBits: 64 })) },
  ]),
  echoed('5.2', 'a length of 65,535 in 64 bits', binary(bytes(65_535), { lengthBits: 64 })),
  failing('5.2', 'a length of 2^63', 1009, binary('', { said: 2n ** 63n })),
  failing('5.2', 'a length of 2^64 - 1', 1009, binary('', { said: 2n ** 64n - 1n })),
  failing('5.2', 'a length of 2^53', 1009, binary('', { said: 2n ** 53n })),
  failing('10.4', 'a length over the limit', 1009, binary('', { said: 2n ** 40n })),
  failing(
    '10.4',
    'pieces that are over the limit together',
    1009,
    binary('a', open),
    more('', { said: BigInt(32 * mebibyte) }),
  ),
]

const reserved: Case[] = [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap(rsv => [
    failing('5.2', `reserved bits ${rsv} of a text`, 1002, text('bit', { rsv })),
    failing('5.2', `reserved bits ${rsv} of a binary message`, 1002, binary('bit', { rsv })),
    failing('5.2', `reserved bits ${rsv} of a ping`, 1002, ping('bit', { rsv })),
    failing('5.2', `reserved bits ${rsv} of a pong`, 1002, pong('bit', { rsv })),
    failing('5.2', `reserved bits ${rsv} of a Close frame`, 1002, frame(8, '', { rsv })),
    failing(
      '5.2',
      `reserved bits ${rsv} of a continuation`,
      1002,
      text('a', open),
      more('b', { rsv }),
    ),
  ]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap(opcode => [
    failing('5.2', `opcode ${opcode}`, 1002, frame(opcode, 'what')),
    failing('5.2', `opcode ${opcode} without a payload`, 1002, frame(opcode)),
    failing('5.4', `opcode ${opcode} within a message`, 1002, text('a', open), frame(opcode, 'b')),
  ]),
  {
    section: '5.2',
    what: 'a reserved opcode behind a message and a ping',
    sends: [text('good'), ping('p'), frame(5), ping('late')],
    gets: [text('good'), pong('p')],
    ends: { fails: 1002 },
  },
]

const masking: Case[] = [
  ...[text('bare'), text(), binary('bare'), ping('bare'), pong(), frame(8)].map(each =>
    failing(
      '5.1',
      `the wrong masking of opcode ${each.opcode}, ${each.payload.length} bytes`,
      1002,
      {
        ...each,
        wrongMask: true,
      },
    ),
  ),
  failing(
    '5.1',
    'the wrong masking of a continuation',
    1002,
    text('a', open),
    more('b', { wrongMask: true }),
  ),
  ...[
    [0, 0, 0, 0],
    [255, 255, 255, 255],
    [0, 0, 0, 1],
    [128, 0, 0, 0],
  ].map(key => echoed('5.3', `a mask of ${key.join('.')}`, text('masked or not', { key }))),
]

const fragments: Case[] = [
  ...[2, 3, 10, 126].map(count => ({
    ...echoed('5.4', `a text in ${count} frames`, text(ascii(500))),
    sends: pieces(text(ascii(500)), count),
  })),
  {
    section: '5.4',
    what: 'a binary message in frames of which some are empty',
    sends: [
      binary('', open),
      more('', open),
      more('a', open),
      more('', open),
      more('b', open),
      more(),
    ],
    gets: [binary('ab')],
  },
  {
    section: '5.4',
    what: 'a text of nothing in 3 frames',
    sends: pieces(text(), 3),
    gets: [text()],
  },
  {
    section: '5.4',
    what: 'pings and pongs between the frames of a message',
    sends: [
      text('a', open),
      ping('1'),
      more('b', open),
      pong('x'),
      ping('2'),
      more('c'),
      ping('3'),
    ],
    gets: [pong('1'), pong('2'), text('abc'), pong('3')],
  },
  {
    section: '5.4',
    what: 'a Close frame between the frames of a message',
    sends: [text('a', open), frame(8, Buffer.from([3, 232])), more('b')],
    gets: [],
    ends: { closed: 1000 },
  },
  failing('5.4', 'a continuation of nothing', 1002, more('a')),
  failing('5.4', 'a continuation of nothing, to be continued', 1002, more('a', open)),
  failing('5.4', 'a text within a text', 1002, text('a', open), text('b')),
  failing('5.4', 'a binary message within a text', 1002, text('a', open), binary('b', open)),
  failing('5.4', 'a text within a text that began empty', 1002, text('', open), text('b')),
  {
    section: '5.4',
    what: 'a continuation behind a message that is over',
    sends: [...pieces(text('ab'), 2), more('c')],
    gets: [text('ab')],
    ends: { fails: 1002 },
  },
  {
    section: '5.4',
    what: 'a connection that is lost within a message',
    sends: [text('a', open)],
    gets: [],
    ends: { lost: true },
  },
  {
    section: '5.2',
    what: 'a connection that is lost within a frame',
    sends: [text('good'), Buffer.from([0x81])],
    gets: [text('good')],
    ends: { lost: true },
  },
]

const control: Case[] = [
  ...[0, 1, 124, 125].map(size => echoed('5.5.2', `a ping of ${size} bytes`, ping(bytes(size)))),
  echoed('5.5.2', 'a hundred pings', ...Array.from({ length: 100 }, (_, at) => ping(`${at}`))),
  echoed('5.5.3', 'pongs that nobody asked for', pong(), pong('unasked'), ping('there?')),
  ...[
    ['ping', 9],
    ['pong', 10],
    ['Close frame', 8],
  ].flatMap(([name = '', opcode]) => [
    failing('5.5', `a ${name} of 126 bytes`, 1002, frame(opcode as number, bytes(126))),
    failing('5.5', `a ${name} of 65,536 bytes`, 1002, frame(opcode as number, bytes(65_536))),
    failing(
      '5.5',
      `a ${name} of 1 byte in 16 bits`,
      1002,
      frame(opcode as number, 'a', { lengthBits: 16 }),
    ),
    failing('5.5', `a ${name} in pieces`, 1002, frame(opcode as number, '', open), more()),
    failing(
      '5.5',
      `a ${name} in pieces within a text`,
      1002,
      text('a', open),
      frame(opcode as number, '', open),
    ),
  ]),
]

/** What takes seconds byte by byte is played whole and in chunks only. */
const large: Case[] = [
  echoed('5.2', 'a binary message of 16 MiB', binary(bytes(16 * mebibyte))),
  echoed('5.2', 'a text of 16 MiB', text(ascii(16 * mebibyte))),
  {
    section: '5.4',
    what: 'a binary message of 16 MiB in 256 frames',
    sends: pieces(binary(bytes(16 * mebibyte)), 256),
    gets: [binary(bytes(16 * mebibyte))],
  },
  {
    section: '5.4',
    what: 'a text of 4 MiB in 65,536 frames',
    sends: pieces(text(ascii(4 * mebibyte)), 65_536),
    gets: [text(ascii(4 * mebibyte))],
  },
]

export const cases: readonly Case[] = [
  ...lengths,
  ...reserved,
  ...masking,
  ...fragments,
  ...control,
  ...closeCases,
  ...textCases,
  ...large,
]
