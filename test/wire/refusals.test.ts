import { firstValueFrom } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { anyOrigin, type CheckOrigin, origins, type ServeOptions } from 'rivulet/server'
import { closePayload, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { type Answer, RawClient, upgradeRequest } from './raw-client.js'
import { nextOf, serving, stopped } from './serving.js'

checkLeaks()

type Request = NonNullable<Parameters<typeof upgradeRequest>[0]>

/** What the server says, once it has ended the connection. */
async function ask(port: number, request: string): Promise<Answer & { body: string }> {
  const client = await RawClient.connect(port)
  client.write(request)
  return { ...(await client.answer()), body: await client.rest() }
}

async function refused(options: Partial<ServeOptions>, request: Request) {
  const { port } = await serving({ path: '/ws', ...options })
  const answer = await ask(port, upgradeRequest({ path: '/ws', ...request }))
  expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8' })
  expect(answer.headers).not.toHaveProperty('sec-websocket-accept')
  return answer
}

describe('400 Bad Request', () => {
  test.each<[string, Request]>([
    ['a key that is too short', { headers: { 'Sec-WebSocket-Key': 'c2hvcnQ=' } }],
    ['a key that is no base64', { headers: { 'Sec-WebSocket-Key': '?GhlIHNhbXBsZSBub25jZQ==' } }],
    ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }],
    ['no Connection header', { headers: { Connection: undefined } }],
    ['Connection: close', { headers: { Connection: 'close' } }],
    ['HTTP/1.0', { version: '1.0' }],
  ])('is the answer to %s', async (_, request) => {
    const { line, headers } = await refused({}, request)
    expect(line).toBe('HTTP/1.1 400 Bad Request')
    expect(headers['connection']).toBe('close')
  })
})

describe('403 Forbidden', () => {
  const promised = (() => Promise.resolve(true)) as unknown as CheckOrigin
  test.each<[string, CheckOrigin | undefined, string | undefined]>([
    ['another origin by default', undefined, 'http://elsewhere.example'],
    ['Origin: null by default', undefined, 'null'],
    ['an origin that is not listed', origins('http://a.example'), 'http://b.example'],
    ['a checkOrigin that returns false', () => false, undefined],
    ['a checkOrigin that returns a promise', promised, undefined],
    ['a checkOrigin that returns a truthy value', (() => 1) as unknown as CheckOrigin, undefined],
  ])('is the answer to %s', async (_, checkOrigin, Origin) => {
    const { line, headers } = await refused({ checkOrigin }, { headers: { Origin } })
    expect(line).toBe('HTTP/1.1 403 Forbidden')
    expect(headers['connection']).toBe('close')
  })
})

describe('404 Not Found', () => {
  test.each(['/', '/other', '/ws/', '/wsx', '/WS', '/ws/../ws'])(
    'is the answer to %s',
    async path => {
      const { line } = await refused({}, { path })
      expect(line).toBe('HTTP/1.1 404 Not Found')
    },
  )

  test('is not the answer to the path with a query', async () => {
    const { port } = await serving({ path: '/ws' })
    const client = await RawClient.upgraded(port, '/ws?token=1')
    client.frame(opcodes.close, closePayload(1000))
    await client.rest()
  })

  test('is the answer to a plain request for another path', async () => {
    const { port } = await serving({ path: '/ws' })
    const { line } = await ask(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(line).toBe('HTTP/1.1 404 Not Found')
  })
})

describe('405 Method Not Allowed', () => {
  test('is the answer to an upgrade by POST, and says what is allowed', async () => {
    const { line, headers } = await refused({}, { method: 'POST' })
    expect(line).toBe('HTTP/1.1 405 Method Not Allowed')
    expect(headers['allow']).toBe('GET')
  })

  test('is the answer to a plain POST at the path', async () => {
    const { port } = await serving({ path: '/ws' })
    const { line, headers } = await ask(
      port,
      'POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
    )
    expect(line).toBe('HTTP/1.1 405 Method Not Allowed')
    expect(headers['allow']).toBe('GET')
  })
})

describe('426 Upgrade Required', () => {
  test('is the answer to a plain GET at the path', async () => {
    const { port } = await serving({ path: '/ws' })
    const { line, headers } = await ask(port, 'GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(line).toBe('HTTP/1.1 426 Upgrade Required')
    expect(headers['upgrade']).toBe('websocket')
    expect(headers['connection']).toMatch(/upgrade/i)
  })

  test('is the answer to an upgrade to something else', async () => {
    const { line } = await refused({}, { headers: { Upgrade: 'h2c' } })
    expect(line).toBe('HTTP/1.1 426 Upgrade Required')
  })

  test.each(['8', '14', '13, 8', undefined])(
    'is the answer to version %s, and says that it is 13',
    async version => {
      const { line, headers } = await refused({}, { headers: { 'Sec-WebSocket-Version': version } })
      expect(line).toBe('HTTP/1.1 426 Upgrade Required')
      expect(headers['sec-websocket-version']).toBe('13')
      expect(headers['upgrade']).toBe('websocket')
    },
  )
})

describe('500 Internal Server Error', () => {
  test('is the answer when checkOrigin throws, and tells nothing of it', async () => {
    const checkOrigin = () => {
      throw new Error('the password is sesame')
    }
    const { line, headers, body } = await refused({ checkOrigin }, {})
    expect(line).toBe('HTTP/1.1 500 Internal Server Error')
    expect(JSON.stringify(headers) + body).not.toMatch(/sesame|Error:|\.ts|at /)
  })
})

describe('503 Service Unavailable', () => {
  test('is the answer over limits.connections, until there is room again', async () => {
    const { port, server } = await serving({ limits: { connections: 1 } })
    const opened = nextOf(server)
    const first = await RawClient.upgraded(port)
    const connection = await opened
    const { line, headers } = await ask(port, upgradeRequest())
    expect(line).toBe('HTTP/1.1 503 Service Unavailable')
    expect(headers['retry-after']).toMatch(/^\d+$/)
    const gone = firstValueFrom(connection.closed)
    first.tcp.destroy()
    await gone
    await RawClient.upgraded(port)
  })

  test('is the answer after close()', async () => {
    const { port, server } = await serving()
    // it never answers the Close frame, so that the server has to wait for it
    const lingering = await RawClient.upgraded(port)
    const late = await RawClient.connect(port)
    const request = upgradeRequest()
    late.write(request.slice(0, 20))
    // the answer to this one shows that the bytes above have arrived
    await ask(port, 'nonsense\r\n\r\n')
    const closed = stopped(server)
    late.write(request.slice(20))
    const { line, headers } = await late.answer()
    expect(line).toBe('HTTP/1.1 503 Service Unavailable')
    expect(headers['retry-after']).toMatch(/^\d+$/)
    lingering.tcp.destroy()
    await closed
  })
})

test('a body says in a sentence why, and is of the length that was announced', async () => {
  const { headers, body } = await refused({ checkOrigin: () => false }, {})
  expect(body).toMatch(/^[A-Z].*\n$/)
  expect(headers['content-length']).toBe(String(Buffer.byteLength(body)))
})

test('a refused peer that resets at once harms nobody', async () => {
  const { port } = await serving({ checkOrigin: ({ headers }) => headers.origin === undefined })
  for (let round = 0; round < 50; round++) {
    const client = await RawClient.connect(port)
    client.write(upgradeRequest({ headers: { Origin: 'null' } }))
    client.tcp.resetAndDestroy()
  }
  await RawClient.upgraded(port)
})

test('any spelling of the header names, values and token lists that HTTP allows is taken', async () => {
  const { port } = await serving({ checkOrigin: anyOrigin })
  const client = await RawClient.connect(port)
  client.write(
    upgradeRequest({
      headers: {
        Connection: undefined,
        Upgrade: undefined,
        CONNECTION: 'keep-alive,  UPGRADE',
        upgrade: 'WebSocket',
        Origin: 'http://elsewhere.example',
      },
    }),
  )
  const { status, headers } = await client.answer()
  expect(status).toBe(101)
  // the example of RFC 6455, section 1.3
  expect(headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})
