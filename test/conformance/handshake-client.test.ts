/** Answers of every shape to our client's opening handshake: RFC 6455, sections 4.1 and 4.2.2. */

import { firstValueFrom, filter } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect, HandshakeError } from 'rivulet'
import { dialed } from '../wire/dialed.js'
import { checkLeaks } from '../wire/leak-check.js'
import { rawServing, switching } from '../wire/raw-server.js'
import { type Borders, cut, dice, writeInTurns } from './peer.js'

checkLeaks()

type Make = (key: string) => string
const lines = (key: string) => switching(key).trimEnd().split('\r\n')
const joined = (all: readonly string[]) => [...all, '', ''].join('\r\n')
/** The good answer, with this done to each header line. */
const each = (change: (line: string) => string): Make => {
  return key => {
    const [status = '', ...headers] = lines(key)
    return joined([status, ...headers.map(change)])
  }
}
const status =
  (line: string): Make =>
  key =>
    joined([line, ...lines(key).slice(1)])
const extra =
  (...more: string[]): Make =>
  key =>
    joined([...lines(key), ...more])
const instead =
  (headers: Record<string, string | undefined>): Make =>
  key =>
    switching(key, headers)

const accept = 'Sec-WebSocket-Accept'

const table: readonly [section: string, what: string, answer: Make, opens: boolean][] = [
  ['4.2.2', 'the answer of the RFC', key => switching(key), true],
  [
    '4.1',
    'names in lower case',
    each(line => line.replace(/^[^:]*/, name => name.toLowerCase())),
    true,
  ],
  [
    '4.1',
    'names in upper case',
    each(line => line.replace(/^[^:]*/, name => name.toUpperCase())),
    true,
  ],
  ['4.1', 'no space behind the colons', each(line => line.replace(': ', ':')), true],
  [
    '4.1',
    'headers in the reverse order',
    key => joined([lines(key)[0]!, ...lines(key).slice(1).reverse()]),
    true,
  ],
  ['4.1', 'another phrase', status('HTTP/1.1 101 Welcome'), true],
  ['4.1', 'no phrase', status('HTTP/1.1 101 '), true],
  ['4.1', 'Upgrade in upper case', instead({ Upgrade: 'WEBSOCKET' }), true],
  ['4.1', 'several tokens in Connection', instead({ Connection: 'keep-alive, UPGRADE' }), true],
  ['4.1', 'headers that nobody knows', extra('X-One: 1', 'Set-Cookie: a=b', 'Server: x'), true],
  ['4.1', 'a 100 before the 101', key => `HTTP/1.1 100 Continue\r\n\r\n${switching(key)}`, true],
  [
    '4.1',
    'a 103 before the 101',
    key => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${switching(key)}`,
    true,
  ],
  ['4.1', 'no Upgrade', instead({ Upgrade: undefined }), false],
  ['4.1', 'Upgrade to something else', instead({ Upgrade: 'h2c' }), false],
  ['4.1', 'no Connection', instead({ Connection: undefined }), false],
  ['4.1', 'Connection: close', instead({ Connection: 'close' }), false],
  ['4.1', 'no accept', instead({ [accept]: undefined }), false],
  ['4.1', 'an empty accept', instead({ [accept]: '' }), false],
  [
    '4.1',
    'the accept of another key',
    instead({ [accept]: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }),
    false,
  ],
  ['4.1', 'the key as the accept', key => switching(key, { [accept]: key }), false],
  [
    '4.1',
    'an accept in upper case',
    each(line => (line.startsWith(accept) ? line.toUpperCase() : line)),
    false,
  ],
  ['4.1', 'two accepts', extra(`${accept}: x`), false],
  [
    '4.1',
    'an extension that was not asked for',
    extra('Sec-WebSocket-Extensions: permessage-deflate'),
    false,
  ],
  ['4.1', 'an extension that nobody knows', extra('Sec-WebSocket-Extensions: foo'), false],
  ['4.1', 'a subprotocol that was not asked for', extra('Sec-WebSocket-Protocol: chat'), false],
  ['4.1', 'an empty header of extensions', extra('Sec-WebSocket-Extensions:'), false],
  ...[200, 201, 204, 301, 302, 307, 308, 400, 401, 403, 404, 426, 429, 500, 503].map(
    code =>
      ['4.1', `${code}`, status(`HTTP/1.1 ${code} No`), false] as [string, string, Make, boolean],
  ),
  ['4.1', 'HTTP/1.0', status('HTTP/1.0 101 Switching Protocols'), true],
  ['4.1', 'garbage', () => '\u0001\u0002\u0003\r\n\r\n', false],
  ['4.1', 'another protocol', () => 'SSH-2.0-OpenSSH_9.2\r\n\r\n', false],
  ['4.1', 'a header that is folded', each(line => line.replace(': ', ':\r\n ')), false],
  ['4.1', 'a header without a name', extra(': x'), false],
  ['4.1', 'a header of 20,000 bytes', extra(`X: ${'x'.repeat(20_000)}`), false],
]

describe.each<Borders>(['whole', 'byte by byte', 'at random'])('answered %s', borders => {
  test.each(
    table.map(
      each => [`${each[0]}: ${each[1]} ${each[3] ? 'opens' : 'is refused'}`, each] as const,
    ),
  )('%s', async (_, [, , answer, opens]) => {
    const { url } = await rawServing((tcp, key) => {
      const chunks = cut(Buffer.from(answer(key), 'latin1'), borders, dice(borders.length))
      void writeInTurns(tcp, chunks).then(() => opens || tcp.end())
    })
    const { connection, outcome, closed, subscription } = dialed(connect(url))
    if (opens) {
      await firstValueFrom(connection.states.pipe(filter(state => state === 'open')))
      subscription.unsubscribe()
      return
    }
    const error = await outcome
    expect(error).toBeInstanceOf(HandshakeError)
    expect(await closed).toMatchObject({ code: 1006, wasClean: false, cause: error })
  })
})
