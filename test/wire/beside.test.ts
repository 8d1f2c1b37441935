/** WebSocket at one path of a server that is somebody else's: of Express, Fastify, Hono, or plain. */

import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as serveHono, upgradeWebSocket, type WebSocketServerLike } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { map, NEVER, Subject, takeUntil } from 'rxjs'
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { connect, type Handler } from 'rivulet'
import { accept, refuse } from 'rivulet/server'
import { dialed, opened } from './dialed.js'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { openClient } from './ws-client.js'

checkLeaks()

const echo: Handler = ({ messages }) => messages

/** Waits until it listens: its port. The test's end closes it. */
async function portOf(http: HttpServer): Promise<number> {
  onTestFinished(async () => {
    if (!http.listening) return
    const closed = event(http, 'close')
    http.close()
    http.closeAllConnections()
    await closed
  })
  if (!http.listening) await event(http, 'listening')
  return (http.address() as AddressInfo).port
}

function plain(): HttpServer {
  return createServer((_, response) => response.end('page')).listen(0, '127.0.0.1')
}

/** Asks for an upgrade. */
async function asking(port: number, path: string, headers: Record<string, string> = {}) {
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ path, headers }))
  return client
}

/** What a client is answered that asks for an upgrade. */
async function answerTo(port: number, path: string, headers?: Record<string, string>) {
  return (await asking(port, path, headers)).answer()
}

describe.each<[string, () => HttpServer | Promise<HttpServer>]>([
  [
    'Express',
    () => {
      const app = express()
      app.use(express.json())
      app.get('/page', (_, response) => void response.send('page'))
      app.post('/double', ({ body }, response) => {
        response.json({ number: (body as { number: number }).number * 2 })
      })
      return app.listen(0, '127.0.0.1')
    },
  ],
  [
    'Fastify',
    async () => {
      const app = Fastify()
      app.get('/page', () => 'page')
      app.post('/double', ({ body }) => ({ number: (body as { number: number }).number * 2 }))
      await app.listen({ port: 0, host: '127.0.0.1' })
      return app.server
    },
  ],
  [
    'Hono',
    () => {
      const app = new Hono()
      app.get('/page', context => context.text('page'))
      app.post('/double', async context => {
        const { number } = await context.req.json<{ number: number }>()
        return context.json({ number: number * 2 })
      })
      // its types say that it may be one of HTTP/2, which it is only when it is told so
      return serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as HttpServer
    },
  ],
])('beside %s', (_, start) => {
  async function started() {
    const http = await start()
    const port = await portOf(http)
    accept(http, { path: '/ws' }, echo).subscribe()
    return { http, port }
  }

  test('the path is a WebSocket, and all that is plain HTTP is as it was', async () => {
    const { port } = await started()
    const { connection, got } = await opened(connect(`ws://127.0.0.1:${port}/ws`))
    const [page, doubled, absent, atThePath] = await Promise.all([
      fetch(`http://127.0.0.1:${port}/page`),
      fetch(`http://127.0.0.1:${port}/double`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"number":21}',
      }),
      fetch(`http://127.0.0.1:${port}/absent`),
      fetch(`http://127.0.0.1:${port}/ws`),
    ])
    expect(await page.text()).toBe('page')
    expect(await doubled.json()).toEqual({ number: 42 })
    await absent.text()
    await atThePath.text()
    expect([absent.status, atThePath.status]).toEqual([404, 404])
    connection.send('still here')
    expect(await got.next()).toBe('still here')
  })

  test('an upgrade of another path is a 404, as nobody else wants it', async () => {
    const { port } = await started()
    for (const path of ['/', '/page', '/ws/']) {
      expect((await answerTo(port, path)).status).toBe(404)
    }
  })

  test('a page of the same server may connect, and one of another may not', async () => {
    const { port } = await started()
    const statusFor = async (Origin: string) => (await answerTo(port, '/ws', { Origin })).status
    expect(await statusFor('http://127.0.0.1')).toBe(101)
    expect(await statusFor('http://elsewhere.example')).toBe(403)
  })

  test('the server closes once those who are connected have left', async () => {
    const http = await start()
    const port = await portOf(http)
    const closing = new Subject<void>()
    const completed = new Promise<void>(complete => {
      accept(http, { path: '/ws' }, () => NEVER.pipe(takeUntil(closing))).subscribe({ complete })
    })
    const client = await openClient(`ws://127.0.0.1:${port}/ws`)
    http.close()
    closing.next()
    expect(await client.closed).toMatchObject({ code: 1000 })
    await completed
  })
})

test("Fastify's own close says goodbye to everybody in a hook", async () => {
  const app = Fastify()
  const closing = new Subject<void>()
  app.addHook('preClose', done => {
    closing.next()
    done()
  })
  accept(app.server, { path: '/ws' }, () => NEVER.pipe(takeUntil(closing))).subscribe()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const port = await portOf(app.server)
  const client = await openClient(`ws://127.0.0.1:${port}/ws`)
  await app.close()
  expect(await client.closed).toMatchObject({ code: 1000 })
})

describe('several on one server', () => {
  test('have each their own handler, principal and limits', async () => {
    const http = plain()
    const port = await portOf(http)
    const at = (path: string) => `ws://127.0.0.1:${port}${path}`
    const names: string[] = []
    const authenticate = ({ url = '' }: { url?: string | undefined }) =>
      url.endsWith('?ada') ? { name: 'Ada' } : refuse(401)
    accept(http, { path: '/members', authenticate, protocols: ['v2', 'v1'] }, ({ handshake }) => {
      expectTypeOf(handshake.principal).toEqualTypeOf<{ name: string }>()
      names.push(`${handshake.principal.name} ${handshake.protocol}`)
    }).subscribe()
    accept(http, { path: '/small', limits: { payload: 10 } }, echo).subscribe()
    accept(http, { path: '/few', limits: { perAddress: 1 } }, echo).subscribe()
    accept(http, {}, ({ messages }) =>
      messages.pipe(map(each => `else ${String(each)}`)),
    ).subscribe()

    await opened(connect(at('/members?ada'), { protocols: ['v1', 'v2'] }))
    expect(await dialed(connect(at('/members'))).outcome).toMatchObject({ status: 401 })

    const small = await opened(connect(at('/small')))
    const large = await opened(connect(at('/else')))
    for (const { connection } of [small, large]) connection.send('0123456789!')
    expect(await large.got.next()).toBe('else 0123456789!')
    expect(await small.closed).toMatchObject({ code: 1009, by: 'peer' })

    const few = await opened(connect(at('/few')))
    expect(await dialed(connect(at('/few'))).outcome).toMatchObject({ status: 429 })
    // whoever is at another path has no part in that
    await opened(connect(at('/small')))
    few.connection.close()
    await few.closed
    expect(names).toEqual(['Ada v2'])
  })

  test('go on when one of them stops', async () => {
    const http = plain()
    const port = await portOf(http)
    const first = accept(http, { path: '/a' }, echo).subscribe()
    accept(http, { path: '/b' }, echo).subscribe()
    const a = await openClient(`ws://127.0.0.1:${port}/a`)
    first.unsubscribe()
    expect((await answerTo(port, '/a')).status).toBe(404)
    const b = await openClient(`ws://127.0.0.1:${port}/b`)
    for (const client of [a, b]) {
      client.ws.send('here')
      expect(await client.next()).toBe('here')
    }
  })
})

describe('another upgrade listener', () => {
  test("of Hono's own WebSocket gets its route, and ours is ours", async () => {
    const app = new Hono()
    app.get(
      '/theirs',
      upgradeWebSocket(() => ({ onOpen: (_, theirs) => theirs.send('theirs') })),
    )
    const server = new WebSocketServer({ noServer: true }) as WebSocketServerLike
    const options = { fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server } }
    const http = serveHono(options) as HttpServer
    const port = await portOf(http)
    accept(http, { path: '/ws' }, ({ send }) => void send('ours')).subscribe()
    expect(await (await openClient(`ws://127.0.0.1:${port}/ws`)).next()).toBe('ours')
    expect(await (await openClient(`ws://127.0.0.1:${port}/theirs`)).next()).toBe('theirs')
  })
})
