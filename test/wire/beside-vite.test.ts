/** WebSocket at one path of a server in development, whose pages Vite makes and keeps up to date. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createServer as createVite, type ViteDevServer } from 'vite'
import { connect } from 'rivulet'
import { accept } from 'rivulet/server'
import { opened } from './dialed.js'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'

checkLeaks()

interface Developing {
  readonly http: HttpServer
  readonly vite: ViteDevServer
  readonly port: number
}

/** A site of one page; its WebSocket of hot reload is on the same server as our echo at /ws. */
async function developing(ours: 'first' | 'second'): Promise<Developing> {
  const root = mkdtempSync(join(tmpdir(), 'rivulet-vite-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>page</title>')
  const http = createServer((request, response) => vite.middlewares(request, response))
  const take = () => accept(http, { path: '/ws' }, ({ messages }) => messages).subscribe()

  if (ours === 'first') take()
  const vite = await createVite({
    root,
    configFile: false,
    logLevel: 'silent',
    cacheDir: join(root, 'cache'),
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: { server: http }, watch: null },
  })
  if (ours === 'second') take()

  http.listen(0, '127.0.0.1')
  await event(http, 'listening')
  onTestFinished(async () => {
    const closed = event(http, 'close')
    await vite.close()
    http.close()
    http.closeAllConnections()
    await closed
  })
  return { http, vite, port: (http.address() as AddressInfo).port }
}

test.each(['first', 'second'] as const)(
  'hot reload and an accept that comes %s each have their own',
  async ours => {
    const { vite, port } = await developing(ours)
    const hot = await opened(connect(`ws://127.0.0.1:${port}/`, { protocols: 'vite-hmr' }))
    expect(await hot.got.next()).toBe('{"type":"connected"}')
    const { connection, got } = await opened(connect(`ws://127.0.0.1:${port}/ws`))
    connection.send('ours')
    expect(await got.next()).toBe('ours')
    vite.ws.send({ type: 'full-reload' })
    expect(await hot.got.next()).toBe('{"type":"full-reload"}')
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text()
    // with the script that connects for hot reload
    expect(page).toMatch(/@vite\/client.*<title>page<\/title>/s)
  },
)

test('a request that neither wants is left alone, for whoever comes to want it', async () => {
  const { http, port } = await developing('second')
  const asked = new Promise<Socket>(resolve => {
    http.on('upgrade', (_, socket: Socket) => resolve(socket))
  })
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ path: '/other' }))
  const socket = await asked
  const { connection, got } = await opened(connect(`ws://127.0.0.1:${port}/ws`))
  connection.send('ours')
  expect(await got.next()).toBe('ours')
  expect({ written: socket.bytesWritten, writable: socket.writable }).toEqual({
    written: 0,
    writable: true,
  })
  socket.end('HTTP/1.1 418 Foreign\r\n\r\n')
  expect((await client.answer()).line).toBe('HTTP/1.1 418 Foreign')
})
