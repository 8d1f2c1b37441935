/** Closing: the cases of RFC 6455, section 7, and of 5.5.1. */

import type { Case } from './table.js'
import { close, frame, more, open, ping, pong, text } from './wire.js'

/** What may stand in a Close frame (7.4; 1012 to 1014 are registered since). */
export const sendable = (code: number) =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
  (code >= 3000 && code <= 4999)

const codes = [
  0, 1, 256, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012,
  1013, 1014, 1015, 1016, 1100, 1999, 2000, 2999, 3000, 3001, 3999, 4000, 4001, 4999, 5000, 5001,
  65_535,
]

const longest = '…'.repeat(41)

export const closeCases: readonly Case[] = [
  {
    section: '5.5.1',
    what: 'a Close frame without a code',
    sends: [close()],
    gets: [],
    ends: { closed: 1005 },
  },
  {
    section: '5.5.1',
    what: 'a Close frame of 1 byte',
    sends: [frame(8, 'x')],
    gets: [],
    ends: { fails: 1002 },
  },
  ...codes.map((code): Case => ({
    section: '7.4',
    what: `a Close frame with ${code}`,
    sends: [close(code, 'so')],
    gets: [],
    ends: sendable(code) ? { closed: code, reason: 'so' } : { fails: 1002 },
  })),
  {
    section: '5.5',
    what: 'a Close frame whose reason is as long as can be',
    sends: [close(1000, longest)],
    gets: [],
    ends: { closed: 1000, reason: longest },
  },
  {
    section: '5.5',
    what: 'a Close frame whose reason is too long',
    sends: [close(1000, `${longest}x`)],
    gets: [],
    ends: { fails: 1002 },
  },
  ...[
    Uint8Array.of(0xff),
    Uint8Array.of(0xed, 0xa0, 0x80),
    Uint8Array.of(0xc0, 0x80),
    Uint8Array.of(0xe2, 0x82),
  ].map((reason): Case => ({
    section: '5.5.1',
    what: `a Close frame whose reason is ${Buffer.from(reason).toString('hex')}, not UTF-8`,
    sends: [close(1000, reason)],
    gets: [],
    ends: { fails: 1007 },
  })),
  {
    section: '5.5.1',
    what: 'messages, pings and another Close frame behind a Close frame',
    sends: [text('before'), close(4000, 'bye'), text('behind'), ping('behind'), close(4001)],
    gets: [text('before')],
    ends: { closed: 4000, reason: 'bye' },
  },
  {
    section: '5.5.1',
    what: 'a violation behind a Close frame',
    sends: [close(1001), frame(3, 'what', { rsv: 7 })],
    gets: [],
    ends: { closed: 1001 },
  },
  {
    section: '5.5.1',
    what: 'a Close frame behind a violation',
    sends: [frame(3), close(1000)],
    gets: [],
    ends: { fails: 1002 },
  },
  {
    section: '7.1.5',
    what: 'a Close frame behind a message that was begun',
    sends: [text('a', open), ping('p'), close(1000)],
    gets: [pong('p')],
    ends: { closed: 1000 },
  },
  {
    section: '7.1.5',
    what: 'a connection that is lost without a Close frame',
    sends: [text('here')],
    gets: [text('here')],
    ends: { lost: true },
  },
  {
    section: '7.1.5',
    what: 'the end of a message behind a Close frame',
    sends: [text('a', open), close(3000), more('b')],
    gets: [],
    ends: { closed: 3000 },
  },
]
