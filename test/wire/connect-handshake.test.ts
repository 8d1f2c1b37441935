import { Agent } from 'node:http'
import { describe, expect, test } from 'vitest'
import { connect, HandshakeError } from 'rivulet'
import { dialed, opened } from './dialed.js'
import { checkLeaks } from './leak-check.js'
import { wsServing } from './ws-server.js'

checkLeaks()

describe('handshake', () => {
  test('is the whole address and the answer, once open', async () => {
    const server = await wsServing()
    server.wss.on('headers', headers => headers.push('X-Served-By: ws'))
    const url = `${server.url}/feed?since=5`
    const { connection } = await opened(connect(url))
    const { request } = await server.peers.next()
    expect(connection.handshake).toMatchObject({
      url,
      origin: undefined,
      remoteAddress: '127.0.0.1',
      protocol: '',
      principal: undefined,
    })
    const { headers } = connection.handshake
    expect(headers).toMatchObject({ upgrade: 'websocket', 'x-served-by': 'ws' })
    expect(headers).toHaveProperty('sec-websocket-accept')
    expect(request.url).toBe('/feed?since=5')
  })

  test('is the address alone until then, and empty until that is known', async () => {
    const server = await wsServing()
    const { connection } = dialed(connect(() => Promise.resolve(server.url)))
    const unknown = { headers: {}, remoteAddress: undefined, protocol: '' }
    expect(connection.handshake).toMatchObject({ ...unknown, url: '' })
    expect(dialed(connect(server.url)).connection.handshake).toMatchObject({
      ...unknown,
      url: `${server.url}/`,
    })
  })
})

describe('an address', () => {
  test.each([
    ['http:', 'ws:'],
    ['ws:', 'ws:'],
  ])('of %s is one of %s', async (given, scheme) => {
    const server = await wsServing()
    const { connection } = await opened(connect(server.url.replace('ws:', given)))
    expect(connection.handshake.url).toBe(`${server.url.replace('ws:', scheme)}/`)
  })

  test('with a name and a password sends them as basic authentication', async () => {
    const server = await wsServing()
    const url = server.url.replace('//', '//ann:p%40ss%20w%C3%B6rd@')
    await opened(connect(url))
    const { request } = await server.peers.next()
    const basic = Buffer.from('ann:p@ss wörd').toString('base64')
    expect(request.headers.authorization).toBe(`Basic ${basic}`)
  })

  test('with a name and a password yields to an authorization header', async () => {
    const server = await wsServing()
    const url = server.url.replace('//', '//ann:pass@')
    await opened(connect(url, { headers: { authorization: 'Bearer token' } }))
    const { request } = await server.peers.next()
    expect(request.headers.authorization).toBe('Bearer token')
  })
})

describe('headers', () => {
  test('reach the server', async () => {
    const server = await wsServing()
    const headers = {
      authorization: 'Bearer token',
      cookie: 'a=1; b=2',
      origin: 'https://example.org',
      'user-agent': 'rivulet-test/1',
      'X-Latin': 'café',
    }
    await opened(connect(server.url, { headers }))
    const { request } = await server.peers.next()
    expect(request.headers).toMatchObject({
      authorization: 'Bearer token',
      cookie: 'a=1; b=2',
      origin: 'https://example.org',
      'user-agent': 'rivulet-test/1',
      'x-latin': 'café',
    })
  })

  test('may name another host than the address', async () => {
    const server = await wsServing()
    await opened(connect(server.url, { headers: { host: 'virtual.example' } }))
    expect((await server.peers.next()).request.headers.host).toBe('virtual.example')
  })

  test('that nobody gave are those of a WebSocket handshake and no more', async () => {
    const server = await wsServing()
    await opened(connect(server.url))
    const { request } = await server.peers.next()
    expect(Object.keys(request.headers).sort()).toEqual([
      'connection',
      'host',
      'sec-websocket-key',
      'sec-websocket-version',
      'upgrade',
    ])
  })
})

describe('protocols', () => {
  test.each([
    ['one that both speak', 'chat', 'chat', 'chat'],
    ['the one that the server chooses', ['chat.v1', 'chat.v2'], 'chat.v2', 'chat.v1,chat.v2'],
  ])('end up as %s', async (_, protocols, chosen, offered) => {
    const server = await wsServing({ handleProtocols: () => chosen })
    const { connection } = await opened(connect(server.url, { protocols }))
    const { request, ws } = await server.peers.next()
    expect(request.headers['sec-websocket-protocol']).toBe(offered)
    expect(connection.handshake.protocol).toBe(chosen)
    expect(ws.protocol).toBe(chosen)
  })

  test('that are none leave it out, and agree on none', async () => {
    const server = await wsServing()
    const { connection } = await opened(connect(server.url, { protocols: [] }))
    const { request } = await server.peers.next()
    expect(request.headers).not.toHaveProperty('sec-websocket-protocol')
    expect(connection.handshake.protocol).toBe('')
  })
})

describe('an agent', () => {
  class Counting extends Agent {
    made = 0

    override createConnection(...options: Parameters<Agent['createConnection']>) {
      this.made++
      return super.createConnection(...options)
    }
  }

  test.each([false, true])('opens each TCP connection, kept alive: %s', async keepAlive => {
    const server = await wsServing()
    const agent = new Counting({ keepAlive })
    const connections = connect(server.url, { agent })
    const one = await opened(connections)
    await opened(connections)
    expect([agent.made, server.seen]).toEqual([2, 2])
    one.subscription.unsubscribe()
    await one.closed
    expect(Object.keys(agent.freeSockets)).toEqual([])
    agent.destroy()
  })

  test('that can open none is a HandshakeError with its cause', async () => {
    const failed = new Error('no proxy')
    const agent = new Agent()
    Object.assign(agent, {
      createConnection() {
        throw failed
      },
    })
    const { outcome } = dialed(connect('ws://127.0.0.1:1/', { agent }))
    const error = await outcome
    expect(error).toBeInstanceOf(HandshakeError)
    expect((error as HandshakeError).cause).toBe(failed)
  })
})
