import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { anyOrigin, origins, sameOrigin } from 'rivulet/server'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { serving } from './serving.js'

checkLeaks()

function request(origin: string | undefined, host = 'example.org', socket: object = {}) {
  return { headers: { origin, host }, socket } as unknown as IncomingMessage
}

describe('anyOrigin', () => {
  test.each([undefined, 'null', 'https://elsewhere.example', 'nonsense'])('takes %s', origin => {
    expect(anyOrigin(request(origin))).toBe(true)
  })
})

describe('sameOrigin', () => {
  test.each<[string | undefined, string]>([
    [undefined, 'example.org'],
    ['http://example.org', 'example.org'],
    ['http://example.org', 'example.org:80'],
    ['http://example.org:80', 'example.org'],
    ['http://EXAMPLE.org', 'example.ORG'],
    ['http://example.org:8081', 'example.org:8081'],
    ['http://127.0.0.1:8081', '127.0.0.1:8081'],
    ['http://[::1]:8081', '[::1]:8081'],
  ])('takes %s at %s', (origin, host) => {
    expect(sameOrigin(request(origin, host))).toBe(true)
  })

  test.each<[string, string]>([
    ['null', 'example.org'],
    ['', 'example.org'],
    ['nonsense', 'example.org'],
    ['https://example.org', 'example.org'],
    ['ws://example.org', 'example.org'],
    ['http://example.org:8080', 'example.org'],
    ['http://example.org', 'example.org:8080'],
    ['http://www.example.org', 'example.org'],
    ['http://example.org.evil.example', 'example.org'],
    ['http://evil.example/example.org', 'example.org'],
    ['http://example.org@evil.example', 'example.org'],
    ['http://evil.example', 'example.org@evil.example'],
    ['http://example.org/', 'example.org'],
    ['http://example.org?', 'example.org?x'],
    ['http://', ''],
  ])('refuses %s at %s', (origin, host) => {
    expect(sameOrigin(request(origin, host))).toBe(false)
  })

  test('goes by https and its port on a TLS socket', () => {
    const tls = { encrypted: true }
    expect(sameOrigin(request('https://example.org', 'example.org', tls))).toBe(true)
    expect(sameOrigin(request('https://example.org', 'example.org:443', tls))).toBe(true)
    expect(sameOrigin(request('http://example.org', 'example.org', tls))).toBe(false)
    expect(sameOrigin(request('https://example.org', 'example.org:80', tls))).toBe(false)
  })

  test('refuses any origin when the request names no host', () => {
    const { headers, socket } = request('http://example.org')
    delete (headers as { host?: string }).host
    expect(sameOrigin({ headers, socket } as unknown as IncomingMessage)).toBe(false)
  })
})

describe('origins', () => {
  const check = origins('https://example.org', 'http://example.org:8080', 'null')

  test.each([
    undefined,
    'null',
    'https://example.org',
    'https://example.org:443',
    'HTTPS://Example.ORG',
    'http://example.org:8080',
  ])('takes %s', origin => {
    expect(check(request(origin))).toBe(true)
  })

  test.each([
    '',
    'NULL',
    'nonsense',
    'http://example.org',
    'https://example.org:8080',
    'https://www.example.org',
    'https://example.org/',
    'https://example.org.evil.example',
    'https://example.org, https://evil.example',
  ])('refuses %s', origin => {
    expect(check(request(origin))).toBe(false)
  })

  test('refuses null unless it is named', () => {
    expect(origins('https://example.org')(request('null'))).toBe(false)
  })

  test('does not look at the host of the request', () => {
    expect(check(request('https://example.org', 'elsewhere.example'))).toBe(true)
    expect(check(request('http://elsewhere.example', 'elsewhere.example'))).toBe(false)
  })

  test.each(['https://example.org/', 'https://example.org/path', 'example.org', '*', ''])(
    'throws a TypeError that names %s',
    address => {
      expect(() => origins('https://example.org', address)).toThrow(TypeError)
      expect(() => origins(address)).toThrow(`'${address}'`)
    },
  )
})

test.each<[number, string]>([
  [101, 'http://127.0.0.1:PORT'],
  [403, 'https://127.0.0.1:PORT'],
  [403, 'http://127.0.0.1'],
  [403, 'http://localhost:PORT'],
])('a server answers %d to a page of %s by default', async (status, origin) => {
  const { port } = await serving()
  const client = await RawClient.connect(port)
  const Origin = origin.replace('PORT', String(port))
  client.write(upgradeRequest({ headers: { Host: `127.0.0.1:${port}`, Origin } }))
  expect((await client.answer()).status).toBe(status)
})
