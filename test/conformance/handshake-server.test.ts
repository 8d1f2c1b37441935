/** Opening handshakes of every shape, asked of our server: RFC 6455, section 4.2, and RFC 9112. */

import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { checkLeaks } from '../wire/leak-check.js'
import { RawClient } from '../wire/raw-client.js'
import { serving } from '../wire/serving.js'
import { type Borders, cut, dice, writeInTurns } from './peer.js'

checkLeaks()

const good = {
  Host: 'Host: 127.0.0.1',
  Upgrade: 'Upgrade: websocket',
  Connection: 'Connection: Upgrade',
  Key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  Version: 'Sec-WebSocket-Version: 13',
}
type Name = keyof typeof good

const request = (lines: readonly string[], first = 'GET / HTTP/1.1') =>
  [first, ...lines, '', ''].join('\r\n')
/** The good one, but for these headers; `undefined` leaves one out. */
const but = (changes: Partial<Record<Name, string | undefined>>, ...extra: string[]) =>
  request([
    ...Object.values<string | undefined>({ ...good, ...changes }).filter(
      each => each !== undefined,
    ),
    ...extra,
  ])
const first = (line: string) => request(Object.values(good), line)

/** Whether the parser of this Node takes a tab for the white space behind a value, as RFC 9110 does. */
const tabEnds = await new Promise<boolean>(resolve => {
  const http = createServer((_, response) => response.end(() => resolve(false)))
  http.on('upgrade', (_, tcp) => {
    tcp.destroy()
    resolve(true)
  })
  http.listen(0, '127.0.0.1', () => {
    const { port } = http.address() as AddressInfo
    const tcp = connect(port, '127.0.0.1', () =>
      tcp.end(request(Object.values({ ...good, Connection: 'Connection: Upgrade\t' }))),
    )
    tcp.resume().on('close', () => http.close())
  })
})

const table: readonly [section: string, what: string, request: string, status: number][] = [
  ['4.1', 'the request of the RFC', but({}), 101],
  ['4.1', 'headers in the reverse order', request(Object.values(good).reverse()), 101],
  [
    '4.1',
    'names in lower case',
    request(Object.values(good).map(each => each.replace(/^[^:]*/, name => name.toLowerCase()))),
    101,
  ],
  [
    '4.1',
    'names in upper case',
    request(Object.values(good).map(each => each.replace(/^[^:]*/, name => name.toUpperCase()))),
    101,
  ],
  [
    '4.1',
    'no space behind the colons',
    request(Object.values(good).map(each => each.replace(': ', ':'))),
    101,
  ],
  [
    '4.1',
    'space around the values',
    request(Object.values(good).map(each => each.replace(': ', ': \t ').concat('  '))),
    101,
  ],
  ['4.1', 'a path with a query', first('GET /a/b?c=d&e=%20 HTTP/1.1'), 101],
  ['4.1', 'a target in absolute form', first('GET http://127.0.0.1/ HTTP/1.1'), 101],
  ['4.1', 'a path of 8,000 characters', first(`GET /${'a'.repeat(8_000)} HTTP/1.1`), 101],
  ['4.1', 'headers that nobody knows', but({}, 'X-One: 1', 'X-Two: 2', 'Cookie: a=b; c="d"'), 101],
  [
    '4.1',
    'an offer of extensions that nobody knows',
    but({}, 'Sec-WebSocket-Extensions: foo, bar; baz=2'),
    101,
  ],
  [
    '4.1',
    'an offer of subprotocols that nobody speaks',
    but({}, 'Sec-WebSocket-Protocol: chat, superchat'),
    101,
  ],
  ['4.1', 'HTTP/1.0', first('GET / HTTP/1.0'), 400],
  ['4.1', 'HTTP/0.9', first('GET / HTTP/0.9'), 400],
  ['4.1', 'HTTP/2.0', first('GET / HTTP/2.0'), 400],
  ['4.1', 'HTTP/1.2', first('GET / HTTP/1.2'), 400],
  ...['POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT'].map(
    method =>
      ['4.2.1', method, first(`${method} / HTTP/1.1`), 405] as [string, string, string, number],
  ),
  ['4.2.1', 'a method that does not exist', first('WEBSOCKET / HTTP/1.1'), 400],
  ['4.2.1', 'get in lower case', first('get / HTTP/1.1'), 400],
  ['4.2.1', 'no Host', but({ Host: undefined }), 400],
  ['4.2.1', 'an empty Host', but({ Host: 'Host:' }), 101],
  ['4.2.1', 'no Upgrade', but({ Upgrade: undefined }), 426],
  ['4.2.1', 'Upgrade in upper case', but({ Upgrade: 'Upgrade: WEBSOCKET' }), 101],
  ['4.2.1', 'Upgrade to something else', but({ Upgrade: 'Upgrade: h2c' }), 426],
  ['4.2.1', 'Upgrade to nothing', but({ Upgrade: 'Upgrade:' }), 426],
  ['4.2.1', 'no Connection', but({ Connection: undefined }), 400],
  ['4.2.1', 'Connection: close', but({ Connection: 'Connection: close' }), 400],
  ['4.2.1', 'Connection: upgrades', but({ Connection: 'Connection: upgrades' }), 400],
  [
    '4.2.1',
    'several tokens in Connection',
    but({ Connection: 'Connection: keep-alive, x , UPGRADE' }),
    101,
  ],
  ['4.2.1', 'two Connection headers', but({}, 'Connection: keep-alive'), 101],
  [
    '4.2.1',
    'a tab behind the last token in Connection',
    but({ Connection: 'Connection: Upgrade\t' }),
    tabEnds ? 101 : 400,
  ],
  ['4.2.1', 'no key', but({ Key: undefined }), 400],
  ['4.2.1', 'an empty key', but({ Key: 'Sec-WebSocket-Key:' }), 400],
  ['4.2.1', 'a key of 15 bytes', but({ Key: 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA' }), 400],
  ['4.2.1', 'a key of 17 bytes', but({ Key: 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=' }), 400],
  [
    '4.2.1',
    'a key that is no base64',
    but({ Key: 'Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==' }),
    400,
  ],
  ['4.2.1', 'a key of base64url', but({ Key: 'Sec-WebSocket-Key: -_AAAAAAAAAAAAAAAAAAAA==' }), 400],
  ['4.2.1', 'two keys', but({}, good.Key), 400],
  ['4.2.2', 'no version', but({ Version: undefined }), 426],
  ...['', '0', '7', '8', '12', '14', '25', '013', '13.0', '-13', '1 3', '13, 8', 'thirteen'].map(
    version =>
      [
        '4.4',
        `version "${version}"`,
        but({ Version: `Sec-WebSocket-Version: ${version}` }),
        426,
      ] as [string, string, string, number],
  ),
  ['4.2.1', 'two versions', but({}, good.Version), 426],
  ['4.2.1', 'a header that is folded', but({ Upgrade: 'Upgrade:\r\n websocket' }), 400],
  ['4.2.1', 'a header without a colon', but({}, 'nonsense'), 400],
  ['4.2.1', 'a header without a name', but({}, ': x'), 400],
  ['4.2.1', 'a space before a colon', but({}, 'X : x'), 400],
  ['4.2.1', 'a NUL in a header', but({}, 'X: a\0b'), 400],
  ['4.2.1', 'line ends without a carriage return', but({}).replaceAll('\r\n', '\n'), 400],
  ['4.2.1', 'a header of 20,000 bytes', but({}, `X: ${'x'.repeat(20_000)}`), 431],
  [
    '4.2.1',
    'a thousand headers of 20 bytes',
    but({}, ...Array.from({ length: 1_000 }, (_, at) => `X-${at}: aaaaaaaaaaaaaa`)),
    431,
  ],
  ['4.2.1', 'a body', but({}, 'Content-Length: 5').concat('hello'), 400],
  ['4.2.1', 'a body in chunks', but({}, 'Transfer-Encoding: chunked').concat('0\r\n\r\n'), 400],
  ['4.2.1', 'two lengths of a body', but({}, 'Content-Length: 0', 'Content-Length: 1'), 400],
  ['4.2.1', 'an empty line first', `\r\n${but({})}`, 101],
  ['4.2.1', 'no target', first('GET HTTP/1.1'), 400],
  ['4.2.1', 'a space in the target', first('GET /a b HTTP/1.1'), 400],
  ['10.2', 'another origin', but({}, 'Origin: https://elsewhere.example'), 403],
  ['10.2', 'the origin null', but({}, 'Origin: null'), 403],
  ['10.2', 'the origin of the server', but({}, 'Origin: http://127.0.0.1'), 101],
  ['4.2.1', 'garbage', `${'\u0001\u0002\u0003'.repeat(20)}\r\n\r\n`, 400],
]

describe.each<Borders>(['whole', 'byte by byte', 'at random'])('asked %s', borders => {
  test.each(table)('%s: %s', async (_, __, asked, status) => {
    const { port } = await serving({}, ({ messages }) => messages)
    const client = await RawClient.connect(port)
    const chunks = cut(Buffer.from(asked, 'latin1'), borders, dice(asked.length))
    await writeInTurns(client.tcp, chunks)
    const answer = await client.answer()
    expect(answer.status).toBe(status)
    const version = answer.headers['sec-websocket-version']
    if (status === 101) {
      // 4.2.2, and nothing that was not asked for
      expect(answer.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
      expect(answer.headers).not.toHaveProperty('sec-websocket-extensions')
      expect(answer.headers).not.toHaveProperty('sec-websocket-protocol')
      client.frame(1, 'here')
      expect((await client.next()).payload.toString()).toBe('here')
    } else {
      expect(answer.headers).not.toHaveProperty('sec-websocket-accept')
      // 4.4
      if (status === 426) expect([undefined, '13']).toContain(version)
      await client.rest()
    }
  })
})

test('1.3: frames right behind the request are read', async () => {
  const { port } = await serving({}, ({ messages }) => messages)
  const client = await RawClient.connect(port)
  client.write(Buffer.concat([Buffer.from(but({})), Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61])]))
  expect((await client.answer()).status).toBe(101)
  expect((await client.next()).payload.toString()).toBe('a')
})
