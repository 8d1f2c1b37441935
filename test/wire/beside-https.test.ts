/** WebSocket at one path of a server that speaks HTTPS. */

import { createServer, get } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { connect } from 'rivulet'
import { accept } from 'rivulet/server'
import { type Certificate, hasOpenssl, selfSigned } from './certificate.js'
import { dialed, opened } from './dialed.js'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'

checkLeaks()

describe.runIf(hasOpenssl)('beside HTTPS', () => {
  let own: Certificate
  let ca: string
  beforeAll(() => {
    own = selfSigned('server', 'IP:127.0.0.1')
    ca = own.cert
  })

  /** An echo at /ws, until its test has finished. */
  async function serving(): Promise<{ port: number; host: string }> {
    const https = createServer(own, (_, response) => response.end('page'))
    onTestFinished(async () => {
      const closed = event(https, 'close')
      https.close()
      https.closeAllConnections()
      await closed
    })
    accept(https, { path: '/ws' }, ({ messages }) => messages).subscribe()
    https.listen(0, '127.0.0.1')
    await event(https, 'listening')
    const { port } = https.address() as AddressInfo
    return { port, host: `127.0.0.1:${port}` }
  }

  test('the path is a WebSocket, and the pages stay', async () => {
    const { host } = await serving()
    const { connection, got } = await opened(connect(`wss://${host}/ws`, { tls: { ca } }))
    const page = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`https://${host}/`, { ca, agent: false }, resolve).on('error', reject)
    })
    const [body] = await event<[Buffer]>(page, 'data')
    expect(String(body)).toBe('page')
    connection.send('still here')
    expect(await got.next()).toBe('still here')
  })

  test('a page of the same server has an origin of https, and may connect', async () => {
    const { host } = await serving()
    const headers = { origin: `https://${host}` }
    const { connection } = await opened(connect(`wss://${host}/ws`, { tls: { ca }, headers }))
    expect(connection.state).toBe('open')
  })

  test.each<[string, (port: number) => string]>([
    ['http, and not https', port => `http://127.0.0.1:${port}`],
    ['another port', port => `https://127.0.0.1:${port - 1}`],
    ['the port that https has by itself', () => 'https://127.0.0.1'],
    ['another host', port => `https://localhost:${port}`],
  ])('a page of %s is of another origin: 403', async (_, origin) => {
    const { port, host } = await serving()
    const headers = { origin: origin(port) }
    const { outcome } = dialed(connect(`wss://${host}/ws`, { tls: { ca }, headers }))
    expect(await outcome).toMatchObject({ name: 'HandshakeError', status: 403 })
  })

  test('HTTP/2 is not offered: whoever can speak both is told to speak HTTP/1.1', async () => {
    const { port } = await serving()
    const options = { port, host: '127.0.0.1', ca, ALPNProtocols: ['h2', 'http/1.1'] }
    const tls = connectTls(options)
    onTestFinished(() => void tls.destroy())
    await event(tls, 'secureConnect')
    expect(tls.alpnProtocol).toBe('http/1.1')
  })
})
