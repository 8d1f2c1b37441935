import { describe, expect, test } from 'vitest'
import { connect, dialWith, reconnect, session } from 'rivulet'
import { checkLeaks } from './leak-check.js'

checkLeaks()

// What a caller without types may pass.
type Loose = Record<string, unknown>
type Misused = (url?: unknown, options?: unknown, handler?: unknown) => unknown
const ways = { connect: connect as unknown as Misused, session: session as unknown as Misused }
const looseReconnect = reconnect as unknown as (options?: unknown) => void

const url = 'ws://127.0.0.1:1/'

function thrown(act: () => void): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

function expectRefused(error: unknown, name: string, shown: string) {
  expect(error).toBeInstanceOf(TypeError)
  const { message } = error as TypeError
  expect(message.startsWith(name), message).toBe(true)
  expect(message).toContain(shown)
}

const aUrl = 'is not a URL of ws:, wss:, http: or https:, without a fragment'
const aCount = 'is not a whole number from 1 to 2147483647'
const aLine = 'is not a text of one line'
const aDuration = 'is not a duration of more than 0 and less than 2^31 ms'

// a page has no WebSocket of its own here
const dial = dialWith(Object as never)

const bad: [name: string, options: Loose, shown: string][] = [
  ['.nope', { nope: 1 }, 'is not an option; there are: codec, timeouts'],
  ['.header', { header: {} }, 'headers'],
  [': protocols', { protocols: 'a b' }, 'what was given is not a token of HTTP'],
  [': protocols', { protocols: '' }, 'what was given is not a token of HTTP'],
  [': protocols', { protocols: ['a', 'b', 'a'] }, 'what was given is not there only once'],
  [': protocols', { protocols: ['a', 5] }, 'what was given is not a token of HTTP'],
  [': protocols', { protocols: 5 }, '5 is not a subprotocol, or a list of them'],
  [': headers', { headers: 5 }, 'what was given is not an object'],
  [': headers: x-count', { headers: { 'x-count': 5 } }, aLine],
  [': headers: x-gone', { headers: { 'x-gone': undefined } }, aLine],
  [': headers: x-list', { headers: { 'x-list': ['a'] } }, aLine],
  [': headers: x-wide', { headers: { 'x-wide': '🌊' } }, aLine],
  [': headers', { headers: { 'a b': 'c' } }, '"a b" is not a name of a header'],
  [': headers', { headers: { '': 'c' } }, '"" is not a name of a header'],
  ...['connection', 'Upgrade', 'Sec-WebSocket-Key', 'sec-websocket-protocol'].map(
    (header): [string, Loose, string] => [
      ': headers',
      { headers: { [header]: 'x' } },
      `"${header}" is not a header of yours`,
    ],
  ),
  [': agent', { agent: {} }, 'an object is not an object with destroy()'],
  [': agent', { agent: 'proxy' }, 'what was given is not an agent of node:http'],
  [': tls.nope', { tls: { nope: 1 } }, 'is not an option; there are: ca, cert, key'],
  [': tls', { tls: 5 }, '5 is not an object'],
  [': limits', { limits: null }, 'null is not an object'],
  [': limits.connections', { limits: { connections: 1 } }, 'there are: payload'],
  ...[0, -1, 1.5, NaN, Infinity, 2 ** 31, '10', null].map((payload): [string, Loose, string] => [
    ': limits.payload',
    { limits: { payload } },
    aCount,
  ]),
  [': dial', { dial: 5 }, '5 is not a function'],
  [': dial', { dial: null }, 'null is not a function'],
  [': headers', { dial, headers: {} }, 'a WebSocket of a browser takes none'],
  [': agent', { dial, agent: {} }, 'a WebSocket of a browser takes none'],
  [': tls', { dial, tls: {} }, 'a WebSocket of a browser takes none'],
  [': timeouts.handshake', { timeouts: { handshake: 0 } }, aDuration],
  [': heartbeat', { heartbeat: 5 }, '5 is not an object'],
  [': codec', { codec: {} }, 'an object is not an object with decode(), encode()'],
  [': outbox.bytes', { outbox: { bytes: 0 } }, aCount],
  [': random', { random: 0.5 }, '0.5 is not a function'],
]

describe.each(Object.entries(ways))('%s', (way, call) => {
  test.each([
    ['""', ''],
    ['"nope"', 'nope'],
    ['"ftp://x"', 'ftp://x'],
    ['"ws://x/…"', 'ws://x/#f'],
    ['"/path"', '/path'],
    ['5', 5],
    ['null', null],
    ['undefined', undefined],
    ['an object', {}],
  ])('names a url that is %s in a TypeError', (shown, address) => {
    expectRefused(
      thrown(() => call(address)),
      `${way}: url: ${shown}`,
      aUrl,
    )
  })

  test.each(bad)('names %s in a TypeError for %o', (name, options, shown) => {
    expectRefused(
      thrown(() => call(url, options)),
      `${way}${name}`,
      shown,
    )
  })

  test.each([5, null])('names options that are %o in a TypeError', options => {
    expectRefused(
      thrown(() => call(url, options)),
      way,
      `${String(options)} is not an object`,
    )
  })

  test.each([5, 'echo', {}, null])('names a handler that is %o in a TypeError', handler => {
    expectRefused(
      thrown(() => call(url, {}, handler)),
      `${way}: handler: `,
      'is not a function',
    )
  })

  test.each<[string, Loose]>([
    ['a line break', { authorization: 'Bearer sesame\r\nx-admin: 1' }],
    ['a NUL', { authorization: 'sesame\0' }],
    ['a character of no header', { authorization: 'sesame→' }],
    ['bytes', { authorization: Buffer.from('sesame') }],
    ['a list', { authorization: ['sesame'] }],
    ['a name that is ours', { 'Sec-WebSocket-Key': 'sesame' }],
    ['a name that is none', { 'authorization:': 'sesame' }],
  ])('tells no value of a header that has %s', (_, headers) => {
    const error = thrown(() => call(url, { headers }))
    expectRefused(error, `${way}: headers`, 'is not')
    expect((error as TypeError).message).not.toContain('sesame')
  })

  test('throws at the call, though nobody has subscribed yet', () => {
    expect(() => call('nope')).toThrow(TypeError)
    expect(() => call(url, { limits: { payload: 0 } })).toThrow(TypeError)
  })
})

const policies: [name: string, options: unknown, shown: string][] = [
  ['', null, 'null is not an object'],
  ['', 5, '5 is not an object'],
  ['.nope', { nope: 1 }, 'is not an option; there are: from, to'],
  [': from', { from: 0 }, `0 ${aDuration}`],
  [': from', { from: '1s' }, `"1s" ${aDuration}`],
  [': from', { from: false }, `false ${aDuration}`],
  [': from', { from: 500, to: 100 }, '500 is not at most `to`, 100 ms'],
  [': to', { to: -1 }, `-1 ${aDuration}`],
  [': to', { to: 2 ** 31 }, `2147483648 ${aDuration}`],
  [': stableAfter', { stableAfter: NaN }, `NaN ${aDuration}`],
  [': maxAttempts', { maxAttempts: 0 }, `0 is not a whole number from 1`],
  [': maxAttempts', { maxAttempts: 1.5 }, `1.5 is not a whole number from 1`],
  [': mayReconnect', { mayReconnect: true }, 'true is not a function'],
  [': online', { online: 5 }, '5 is not an Observable'],
  [': online', { online: true }, 'true is not an Observable'],
]

describe('reconnect', () => {
  test.each(policies)('names %s in a TypeError for %o', (name, options, shown) => {
    expectRefused(
      thrown(() => looseReconnect(options)),
      `reconnect${name}`,
      shown,
    )
  })

  test('takes a `from` of more than the default of `to`, and a `to` of less than that of `from`', () => {
    expect(() => reconnect({ from: 60_000 })).not.toThrow()
    expect(() => reconnect({ to: 10 })).not.toThrow()
  })
})

describe('session', () => {
  const { session: call } = ways

  test.each(policies)('names reconnect%s in a TypeError for %o', (name, options, shown) => {
    expectRefused(
      thrown(() => call(url, { reconnect: options })),
      `session: reconnect${name}`,
      shown,
    )
  })

  test.each<[string, Loose, string]>([
    ['first', { first: ['hello'] }, 'an object is not a function'],
    ['backlog', { backlog: true }, 'true is not an object'],
    ['backlog', { backlog: null }, 'null is not an object'],
    ['backlog.message', { backlog: { message: 1 } }, 'there are: messages, bytes'],
    ['backlog.messages', { backlog: { messages: 0 } }, '0 is not a whole number from 1 to 10000'],
    ['backlog.messages', { backlog: { messages: 10_001 } }, 'from 1 to 10000'],
    ['backlog.bytes', { backlog: { bytes: 2 ** 20 + 1 } }, 'from 1 to 1048576'],
    [
      'backlog.messages',
      { backlog: { messages: 6 }, outbox: { messages: 5 } },
      '6 is not a whole number from 1 to 5',
    ],
    [
      'backlog.bytes',
      { backlog: { bytes: 101 }, outbox: { bytes: 100 } },
      '101 is not a whole number from 1 to 100',
    ],
    ['outbox', { backlog: {}, outbox: null }, 'null is not an object'],
    ['outbox', { backlog: {}, outbox: 5 }, '5 is not an object'],
    ['outbox.messages', { backlog: {}, outbox: { messages: 0 } }, aCount],
    ['outbox.bytes', { backlog: {}, outbox: { bytes: '1' } }, aCount],
  ])('names %s in a TypeError for %o', (name, options, shown) => {
    expectRefused(
      thrown(() => call(url, options)),
      `session: ${name}`,
      shown,
    )
  })
})

describe.each(Object.entries(ways))('%s, given what is none,', (way, call) => {
  test('tells no headers that are given as a text', () => {
    let message = ''
    try {
      call(url, { headers: 'authorization: sesame' })
    } catch (error) {
      message = (error as TypeError).message
    }
    expect(message).toMatch(new RegExp(`^${way}: headers`))
    expect(message).not.toContain('sesame')
  })

  test.each<[string, unknown]>([
    ['headers', new Headers({ authorization: 'sesame' })],
    ['headers', new Map([['authorization', 'sesame']])],
    ['headers', []],
    ['headers', null],
    ['headers', ''],
    ['headers', 0],
    ['agent', null],
    ['agent', false],
    ['agent', ''],
    ['tls', null],
    ['tls', false],
    ['protocols', null],
  ])('names %s in a TypeError for %o', (option, value) => {
    expect(() => call(url, { [option]: value })).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringMatching(`^${way}: ${option}`) as string,
      }) as Error,
    )
  })
})
