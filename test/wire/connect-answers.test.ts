import { Agent } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connect, type Handshake, HandshakeError, mayReconnect } from 'rivulet'
import { dialed, opened } from './dialed.js'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { rawServing, switching } from './raw-server.js'
import { wsServing } from './ws-server.js'

checkLeaks()

/** How connecting fails. */
async function failing(url: string, options?: Parameters<typeof connect>[1]) {
  const { outcome, closed, connection } = dialed(connect(url, options))
  connection.send('never')
  const error = await outcome
  expect(error).toBeInstanceOf(HandshakeError)
  const close = await closed
  expect(close).toMatchObject({ code: 1006, reason: '', wasClean: false })
  expect(close.cause).toBe(error)
  expect(close).not.toHaveProperty('sent')
  expect(close).not.toHaveProperty('received')
  return { error: error as HandshakeError & { cause: Error & { code?: string } }, close }
}

describe('the handshake', () => {
  test('has the answer when the handler is called', async () => {
    const server = await wsServing()
    let seen: Handshake | undefined
    await opened(
      connect(server.url, { protocols: 'chat' }, ({ handshake }) => {
        seen = { ...handshake }
      }),
    )
    expect(seen).toMatchObject({ protocol: 'chat', remoteAddress: '127.0.0.1' })
    expect(seen?.headers).toHaveProperty('sec-websocket-accept')
  })
})

describe('protocols', () => {
  // a server may decline (RFC 6455, section 4.2.2); ws and Chromium refuse that
  test.each([
    ['chooses one that was not offered', ['chat'], 'other', 'invalid subprotocol'],
    ['chooses one though none was offered', [], 'other', 'none was requested'],
    ['chooses none of those that were offered', ['chat'], false, 'no subprotocol'],
  ] as const)(
    'are a HandshakeError where the server %s',
    async (_, protocols, chosen, complaint) => {
      const server = await wsServing({ handleProtocols: () => chosen })
      if (protocols.length === 0) {
        server.wss.on('headers', headers => headers.push(`Sec-WebSocket-Protocol: ${chosen}`))
      }
      const { outcome, closed } = dialed(connect(server.url, { protocols }))
      const error = await outcome
      expect(error).toBeInstanceOf(HandshakeError)
      expect((error as HandshakeError).message).toContain(complaint)
      expect(await closed).toMatchObject({ code: 1006, wasClean: false, cause: error })
    },
  )
})

describe('an answer of 101', () => {
  test.each<[string, Record<string, string | undefined>, RegExp]>([
    [
      'a wrong Sec-WebSocket-Accept',
      { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' },
      /Sec-WebSocket-Accept/,
    ],
    ['no Sec-WebSocket-Accept', { 'Sec-WebSocket-Accept': undefined }, /Sec-WebSocket-Accept/],
    ['another protocol in Upgrade', { Upgrade: 'h2c' }, /Upgrade/],
    [
      'an extension that was not asked for',
      { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
      /extension/i,
    ],
    ['a subprotocol that was not asked for', { 'Sec-WebSocket-Protocol': 'chat' }, /subprotocol/],
  ])('with %s is a HandshakeError', async (_, headers, complaint) => {
    const { url } = await rawServing((tcp, key) => tcp.write(switching(key, headers)))
    const { error, close } = await failing(url)
    expect(error.message).toMatch(complaint)
    expect(error.status).toBe(101)
    expect(error.headers).toHaveProperty('connection')
    expect(close.by).toBe('peer')
    expect(mayReconnect(close)).toBe(true)
  })
})

describe('a server that is not there', () => {
  async function nobody(): Promise<number> {
    const tcp = createTcpServer().listen(0, '127.0.0.1')
    await event(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    tcp.close()
    await event(tcp, 'close')
    return port
  }

  test('at each of its addresses is a HandshakeError that says so', async () => {
    const lookup: LookupFunction = (_, __, found) =>
      found(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ])
    // its types lack lookup
    const agent = new Agent({ lookup })
    const { error } = await failing(`ws://two.example:${await nobody()}`, { agent })
    expect(error.cause.code).toBe('ECONNREFUSED')
    expect(error.message).toContain('ECONNREFUSED')
    agent.destroy()
  })
})
