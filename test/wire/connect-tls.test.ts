import { Agent } from 'node:https'
import { TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { connect, HandshakeError, mayReconnect, type TlsOptions } from 'rivulet'
import { type Certificate, hasOpenssl, selfSigned } from './certificate.js'
import { dialed, opened } from './dialed.js'
import { checkLeaks } from './leak-check.js'
import { listening } from './raw-server.js'
import { type Peer, type WsServer, wsServing } from './ws-server.js'

checkLeaks()

describe.runIf(hasOpenssl)('wss:', () => {
  let own: Certificate
  let named: Certificate
  let clients: Certificate
  beforeAll(() => {
    own = selfSigned('server', 'IP:127.0.0.1')
    named = selfSigned('named', 'DNS:server.test')
    clients = selfSigned('ann', 'DNS:client.test')
  })

  function tlsOf({ request: { socket } }: Peer): TLSSocket {
    if (!(socket instanceof TLSSocket)) throw new Error('There is no TLS')
    return socket
  }

  async function refusedBy(server: WsServer, tls?: TlsOptions) {
    const { outcome, closed } = dialed(connect(server.url, { tls }))
    const error = await outcome
    expect(error).toBeInstanceOf(HandshakeError)
    expect((error as HandshakeError).status).toBeUndefined()
    expect(await closed).toMatchObject({ code: 1006, by: 'network', cause: error })
    expect(server.wss.clients.size).toBe(0)
    return error as HandshakeError
  }

  test('refuses a server that nobody vouches for, and says so', async () => {
    const { cause, message } = await refusedBy(await wsServing({}, own))
    expect(message).toMatch(/self-signed certificate/)
    expect(cause).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  test('refuses a server of another name than that of the address', async () => {
    const { cause } = await refusedBy(await wsServing({}, named), { ca: named.cert })
    expect(cause).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  test.each<[string, () => TlsOptions]>([
    ['tls.ca', () => ({ ca: own.cert })],
    ['tls.ca, as bytes', () => ({ ca: Buffer.from(own.cert) })],
    ['tls.ca, one of several', () => ({ ca: [named.cert, own.cert] })],
    ['tls.rejectUnauthorized: false', () => ({ rejectUnauthorized: false })],
  ])('trusts whom %s lets it', async (_, tls) => {
    const server = await wsServing({}, own)
    const { connection, got } = await opened(connect(server.url, { tls: tls() }))
    const peer = await server.peers.next()
    connection.send('out')
    peer.ws.send('in')
    expect([await peer.got.next(), await got.next()]).toEqual(['out', 'in'])
    expect(connection.handshake).toMatchObject({
      url: `${server.url}/`,
      remoteAddress: '127.0.0.1',
    })
  })

  test('asks for tls.servername instead of the name of the address', async () => {
    const server = await wsServing({}, named)
    const tls = { ca: named.cert, servername: 'server.test' }
    await opened(connect(server.url, { tls }))
    // its types lack it
    expect(tlsOf(await server.peers.next())).toMatchObject({ servername: 'server.test' })
  })

  test('shows the certificate of tls.cert and tls.key', async () => {
    const server = await wsServing({}, { ...own, requestCert: true, ca: clients.cert })
    await opened(connect(server.url, { tls: { ca: own.cert, ...clients } }))
    const tls = tlsOf(await server.peers.next())
    expect(tls.authorized).toBe(true)
    expect(tls.getPeerCertificate().subject.CN).toBe('ann')
  })

  test('is a HandshakeError where the server wants a certificate and gets none', async () => {
    const server = await wsServing({}, { ...own, requestCert: true, ca: clients.cert })
    const { cause } = await refusedBy(server, { ca: own.cert })
    expect(cause).toBeInstanceOf(Error)
  })

  test('keeps to tls.maxVersion', async () => {
    const server = await wsServing({}, own)
    await opened(connect(server.url, { tls: { ca: own.cert, maxVersion: 'TLSv1.2' } }))
    expect(tlsOf(await server.peers.next()).getProtocol()).toBe('TLSv1.2')
  })

  test('goes through an agent, which gets tls too', async () => {
    const server = await wsServing({}, own)
    const agent = new Agent()
    await opened(connect(server.url, { agent, tls: { ca: own.cert } }))
    await server.peers.next()
    agent.destroy()
  })

  test('is also what https: means', async () => {
    const server = await wsServing({}, own)
    const url = server.url.replace('wss:', 'https:')
    const { connection } = await opened(connect(url, { tls: { ca: own.cert } }))
    expect(connection.handshake.url).toBe(`${server.url}/`)
  })

  test('closes with 1000 when it is unsubscribed from', async () => {
    const server = await wsServing({}, own)
    const { subscription } = await opened(connect(server.url, { tls: { ca: own.cert } }))
    subscription.unsubscribe()
    expect(await (await server.peers.next()).closed).toMatchObject({ code: 1000 })
  })
})

test('wss: to a server that speaks no TLS is a HandshakeError, and worth another try', async () => {
  const { url } = await listening(tcp =>
    tcp.once('data', () => tcp.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  const { outcome, closed } = dialed(connect(url.replace('ws:', 'wss:')))
  expect(await outcome).toBeInstanceOf(HandshakeError)
  expect(mayReconnect(await closed)).toBe(true)
})
