/**
 * Text: the cases of RFC 6455, section 8.1. It does not ask for failing before the message is whole,
 * and `ws` does not: what is wrong is answered with 1007 when the last frame has come.
 */

import type { Case } from './table.js'
import { more, open, pieces, ping, pong, text, type Wire } from './wire.js'

const good: readonly [string, string][] = [
  ['ASCII', 'plain'],
  ['NUL and DEL', '\0\x7f'],
  ['two bytes a code point', 'κόσμε ÿ \u0080\u07ff'],
  ['three bytes a code point', '\u0800… 日本 \ud7ff\ue000\ufffd\uffff'],
  ['four bytes a code point', '😀 \u{10000}\u{10ffff}'],
  ['non-characters', '\ufffe\uffff\u{1fffe}\u{10fffe}\ufdd0'],
  ['a byte order mark', '\ufeffmarked'],
]

const bad: readonly [string, string][] = [
  ['a continuation byte alone', '80'],
  ['continuation bytes alone', 'bf80bf'],
  ['two bytes cut to one', 'c3'],
  ['two bytes, the second no continuation', 'c328'],
  ['three bytes cut to two', 'e282'],
  ['three bytes, the third no continuation', 'e28228'],
  ['four bytes cut to three', 'f09f98'],
  ['four bytes, the fourth no continuation', 'f09f9828'],
  ['"/" overlong in two bytes', 'c0af'],
  ['"/" overlong in three bytes', 'e080af'],
  ['"/" overlong in four bytes', 'f08080af'],
  ['NUL overlong in two bytes', 'c080'],
  ['U+007F overlong in two bytes', 'c1bf'],
  ['U+07FF overlong in three bytes', 'e09fbf'],
  ['U+FFFF overlong in four bytes', 'f08fbfbf'],
  ['the first surrogate', 'eda080'],
  ['the last surrogate', 'edbfbf'],
  ['a pair of surrogates', 'eda081edb080'],
  ['U+110000', 'f4908080'],
  ['the first of five bytes', 'f888808080'],
  ['the first of six bytes', 'fc8480808080'],
  ['the byte FE', 'fe'],
  ['the byte FF', 'ff'],
]

const wrong = (what: string, ...sends: Wire[]): Case => ({
  section: '8.1',
  what,
  sends: [...sends, ping('too late')],
  gets: [],
  ends: { fails: 1007 },
})

export const textCases: readonly Case[] = [
  ...good.flatMap(([what, said]): Case[] => [
    { section: '8.1', what: `a text of ${what}`, sends: [text(said)], gets: [text(said)] },
    {
      section: '8.1',
      what: `a text of ${what}, a frame for each byte`,
      sends: pieces(text(said), Buffer.byteLength(said)),
      gets: [text(said)],
    },
  ]),
  ...bad.flatMap(([what, hex]) => {
    const bytes = Buffer.from(hex, 'hex')
    const within = Buffer.concat([Buffer.from('good, then '), bytes, Buffer.from(', then good')])
    return [
      wrong(`a text of ${what}`, text(bytes)),
      wrong(`a text with ${what}`, text(within)),
      wrong(`a text with ${what}, a frame for each byte`, ...pieces(text(within), within.length)),
    ]
  }),
  {
    section: '8.1',
    what: 'an invalid first frame, before the last has come',
    sends: [
      text(Uint8Array.of(0xff), open),
      ping('still?'),
      more('', open),
      ping('still!'),
      more(),
    ],
    gets: [pong('still?'), pong('still!')],
    ends: { fails: 1007 },
  },
  {
    section: '8.1',
    what: 'a good text before a bad one',
    sends: [text('good'), text(Uint8Array.of(0xff))],
    gets: [text('good')],
    ends: { fails: 1007 },
  },
]
