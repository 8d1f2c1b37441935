import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { anyOrigin, type CheckOrigin, origins, pagesOnly, sameOrigin } from 'rivulet/server'
import { seenThrough } from '../../src/server/through-proxy.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { serving } from './serving.js'

checkLeaks()

function request(origin: string | undefined, host = 'example.org', socket: object = {}) {
  return { headers: { origin, host }, socket } as unknown as IncomingMessage
}

/** What a server does that is not behind a proxy. */
const asks = (check: CheckOrigin, request: IncomingMessage) =>
  check(request, seenThrough(request, 0).own)

describe('anyOrigin', () => {
  test.each([undefined, 'null', 'https://elsewhere.example', 'nonsense'])('takes %s', origin => {
    expect(asks(anyOrigin, request(origin))).toBe(true)
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
    expect(asks(sameOrigin, request(origin, host))).toBe(true)
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
    expect(asks(sameOrigin, request(origin, host))).toBe(false)
  })

  test('goes by https and its port on a TLS socket', () => {
    const tls = { encrypted: true }
    expect(asks(sameOrigin, request('https://example.org', 'example.org', tls))).toBe(true)
    expect(asks(sameOrigin, request('https://example.org', 'example.org:443', tls))).toBe(true)
    expect(asks(sameOrigin, request('http://example.org', 'example.org', tls))).toBe(false)
    expect(asks(sameOrigin, request('https://example.org', 'example.org:80', tls))).toBe(false)
  })

  test('refuses any origin when the request names no host', () => {
    const { headers, socket } = request('http://example.org')
    delete (headers as { host?: string }).host
    expect(asks(sameOrigin, { headers, socket } as unknown as IncomingMessage)).toBe(false)
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
    expect(asks(check, request(origin))).toBe(true)
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
    expect(asks(check, request(origin))).toBe(false)
  })

  test('refuses null unless it is named', () => {
    expect(asks(origins('https://example.org'), request('null'))).toBe(false)
  })

  test('does not look at the host of the request', () => {
    expect(asks(check, request('https://example.org', 'elsewhere.example'))).toBe(true)
    expect(asks(check, request('http://elsewhere.example', 'elsewhere.example'))).toBe(false)
  })

  test.each([
    'https://example.org/',
    'https://example.org/path',
    'example.org',
    '*',
    '',
    '*.example.org',
    'https://*',
    'https://*.',
    'https://a.*.example.org',
    'https://*.example.org/',
    'https://*example.org',
    'https://example.*',
    'http://localhost:8*',
    '*://example.org',
  ])('throws a TypeError that names %s', address => {
    expect(() => origins('https://example.org', address)).toThrow(TypeError)
    expect(() => origins(address)).toThrow(`'${address}'`)
  })
})

describe('a pattern of origins', () => {
  test.each([
    ['https://*.example.org', 'https://www.example.org'],
    ['https://*.example.org', 'https://a.b.example.org'],
    ['https://*.example.org', 'https://WWW.Example.org:443'],
    ['https://*.example.org:8443', 'https://www.example.org:8443'],
    ['http://localhost:*', 'http://localhost:5173'],
    ['http://localhost:*', 'http://localhost'],
    ['http://*.local:*', 'http://a.local:1'],
    ['http://[::1]:*', 'http://[::1]:8080'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['chrome-extension://abcdef', 'chrome-extension://abcdef'],
  ])('%s takes %s', (pattern, origin) => {
    expect(asks(origins(pattern), request(origin))).toBe(true)
  })

  test.each([
    ['https://*.example.org', 'https://example.org'],
    ['https://*.example.org', 'http://www.example.org'],
    ['https://*.example.org', 'https://www.example.org:8443'],
    ['https://*.example.org', 'https://wwwexample.org'],
    ['https://*.example.org', 'https://www.example.org.evil.example'],
    ['https://*.example.org', 'https://evil.example/.example.org'],
    ['https://*.example.org', 'https://evil.example#.example.org'],
    ['https://*.example.org', 'null'],
    ['capacitor://localhost', 'capacitor://elsewhere'],
    ['capacitor://localhost', 'null'],
    ['http://localhost:*', 'https://localhost:5173'],
    ['http://localhost:*', 'http://localhost.evil.example:5173'],
    ['http://localhost:*', 'http://localhost:5173/'],
  ])('%s refuses %s', (pattern, origin) => {
    expect(asks(origins(pattern), request(origin))).toBe(false)
  })
})

describe('pagesOnly', () => {
  test('refuses what does not come from a page', () => {
    expect(asks(pagesOnly(), request(undefined))).toBe(false)
    expect(asks(pagesOnly(anyOrigin), request(undefined))).toBe(false)
  })

  test('leaves pages to the check that it is given', () => {
    expect(asks(pagesOnly(), request('http://example.org'))).toBe(true)
    expect(asks(pagesOnly(), request('http://elsewhere.example'))).toBe(false)
    expect(asks(pagesOnly(anyOrigin), request('null'))).toBe(true)
  })
})

describe('behind a proxy', () => {
  const behind = (headers: Record<string, string>, hops: number) => {
    const asked = {
      headers: { host: 'inside:8080', ...headers },
      socket: { remoteAddress: '10.0.0.1' },
    } as unknown as IncomingMessage
    return seenThrough(asked, hops)
  }
  const forwarded = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'example.org',
    'x-forwarded-for': '203.0.113.7',
  }

  test('that is trusted, its word is taken for who asks, and for what', () => {
    expect(behind(forwarded, 1)).toEqual({ own: 'https://example.org', address: '203.0.113.7' })
  })

  test('that is not trusted, it is not', () => {
    expect(behind(forwarded, 0)).toEqual({ own: 'http://inside:8080', address: '10.0.0.1' })
  })

  test('that says nothing, the request itself is asked', () => {
    expect(behind({}, 1)).toEqual({ own: 'http://inside:8080', address: '10.0.0.1' })
    expect(behind({ 'x-forwarded-for': ' , ' }, 1).address).toBe('10.0.0.1')
  })

  test('only what the trusted ones have added counts, whatever a client has put before it', () => {
    const forged = { ...forwarded, 'x-forwarded-for': '6.6.6.6, 203.0.113.7, 10.0.0.2' }
    expect(behind(forged, 1).address).toBe('10.0.0.2')
    expect(behind(forged, 2).address).toBe('203.0.113.7')
    expect(behind({ ...forwarded, 'x-forwarded-proto': 'http, https' }, 1).own).toBe(
      'https://example.org',
    )
  })

  test('that says nonsense, no page is of the same origin', () => {
    expect(behind({ ...forwarded, 'x-forwarded-host': 'a b' }, 1).own).toBeUndefined()
  })
})

test.each<[number, string, boolean | undefined]>([
  [101, 'https://example.org', true],
  [403, 'http://example.org', true],
  [403, 'https://example.org', undefined],
])(
  'a server behind TLS answers %d to a page of %s, trusting its proxy: %s',
  async (status, Origin, trustProxy) => {
    const { port } = await serving({ trustProxy })
    const client = await RawClient.connect(port)
    const headers = { Host: 'example.org', 'X-Forwarded-Proto': 'https', Origin }
    client.write(upgradeRequest({ headers }))
    expect((await client.answer()).status).toBe(status)
  },
)

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
