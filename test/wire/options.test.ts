import { describe, expect, test } from 'vitest'
import { accept, serve } from 'rivulet/server'
import { createServer } from 'node:http'
import { checkLeaks } from './leak-check.js'

checkLeaks()

// What a caller without types may pass.
type Loose = Record<string, unknown>
const looseServe = serve as unknown as (options?: unknown, handler?: unknown) => void
const looseAccept = accept as unknown as (server: unknown, options?: unknown, h?: unknown) => void

const durations = [0, -1, NaN, Infinity, 2 ** 31, '5s', null, true]
const counts = [0, -1, 1.5, NaN, Infinity, 2 ** 31, '10', null]

const bad: [option: string, options: Loose, shown: string][] = [
  ['port', { port: undefined }, 'whole number'],
  ...[null, -1, 65_536, 1.5, NaN, '8081'].map((port): [string, Loose, string] => [
    'port',
    { port },
    String(port),
  ]),
  ...['ws', '', '/a b', '/a?b', '/a#b', 7, null].map((path): [string, Loose, string] => [
    'path',
    { path },
    String(path),
  ]),
  ...['', 'http://a', 7].map((host): [string, Loose, string] => ['host', { host }, String(host)]),
  ...['close', 'handshake'].flatMap(name =>
    durations.map((value): [string, Loose, string] => [
      `timeouts.${name}`,
      { timeouts: { [name]: value } },
      String(value),
    ]),
  ),
  ...[
    'outbox.bytes',
    'outbox.messages',
    'inbox.bytes',
    'limits.payload',
    'limits.connections',
  ].flatMap(name => {
    const [group = '', option = ''] = name.split('.')
    return counts.map((value): [string, Loose, string] => [
      name,
      { [group]: { [option]: value } },
      String(value),
    ])
  }),
  ...['timeouts', 'outbox', 'inbox', 'limits'].flatMap((group): [string, Loose, string][] => [
    [group, { [group]: null }, 'null'],
    [group, { [group]: 7 }, '7'],
    [`${group}.byte`, { [group]: { byte: 1 } }, 'is not an option'],
  ]),
  ['codec', { codec: {} }, 'encode'],
  ['codec', { codec: { decode: () => '' } }, 'encode'],
  ['codec', { codec: 'json' }, 'json'],
  ['codec', { codec: null }, 'null'],
  ['scheduler', { scheduler: {} }, 'schedule'],
  ['scheduler', { scheduler: null }, 'null'],
  ['checkOrigin', { checkOrigin: '*' }, '*'],
  ['checkOrigin', { checkOrigin: null }, 'null'],
  ['random', { random: 0.5 }, '0.5'],
  ['request', { request: {} }, 'an object'],
  ['portt', { portt: 1 }, 'is not an option'],
]

function thrown(act: () => void): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

describe('serve', () => {
  test.each(bad)('names %s in a TypeError for %o', (option, options, shown) => {
    const error = thrown(() => looseServe({ port: 0, ...options }))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/^serve/)
    expect((error as Error).message).toContain(option)
    expect((error as Error).message).toContain(shown)
  })

  test('names port in a TypeError when there are no options', () => {
    const error = thrown(() => looseServe())
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain('serve: port')
  })

  test.each(['a text', {}, null])('names a handler that is %j in a TypeError', handler => {
    const error = thrown(() => looseServe({ port: 0 }, handler))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain('serve: handler')
  })
})

describe('accept', () => {
  test('names the option in a TypeError at the call, not at the subscription', () => {
    const http = createServer()
    for (const [options, option] of [
      [{ path: 'ws' }, 'path'],
      [{ timeouts: { close: Infinity } }, 'timeouts.close'],
      [{ port: 1 }, 'port'],
    ] as const) {
      const error = thrown(() => looseAccept(http, options))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(/^accept/)
      expect((error as Error).message).toContain(option)
    }
  })

  test.each([{}, 7, null, undefined])('refuses %j as a server', server => {
    const error = thrown(() => looseAccept(server))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain('accept: server')
  })
})

describe('off and the edges', () => {
  test.each<Loose>([
    { timeouts: { close: false, handshake: false } },
    { timeouts: { close: 2 ** 31 - 1, handshake: 2 ** 31 - 1 } },
    { timeouts: { close: 0.5, handshake: 0.5 } },
    { limits: { payload: 1, connections: 1 }, outbox: { bytes: 1 }, inbox: { bytes: 1 } },
    { path: '/' },
  ])('takes %j', options => {
    expect(() => looseAccept(createServer(), options)).not.toThrow()
  })
})
