import { request } from 'node:http'
import { firstValueFrom, NEVER } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serve } from 'rivulet/server'
import { answersObservatory, observe } from '../../examples/observatory/server.js'
import { parts } from '../../src/connection/counts.js'
import { roster, type Roster } from '../../src/connection/roster.js'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { stopped } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

async function started() {
  const server = serve(
    {
      port: 0,
      host: '127.0.0.1',
      path: '/ws',
      request: (asked, response) => {
        if (!answersObservatory(asked, response)) response.writeHead(404).end()
      },
    },
    () => NEVER,
  )
  observe(server)
  onTestFinished(() => stopped(server))
  const { port } = await firstValueFrom(server.listening)
  const inside = (server as unknown as { [roster]: Roster })[roster]
  return { port, inside, origin: `http://127.0.0.1:${port}` }
}

/** The status of an answer to a request with headers that `fetch` would not send. */
async function statusOf(port: number, headers: Record<string, string>, path = '/observatory') {
  const asked = request({ port, host: '127.0.0.1', path, headers, agent: false }).end()
  const [response] = await event<[{ statusCode: number; resume(): void }]>(asked, 'response')
  response.resume()
  return response.statusCode
}

const feedOf = (port: number) => `ws://127.0.0.1:${port}/observatory/feed`

describe('the observatory', () => {
  test('is a page of this machine, with what it needs and nothing of elsewhere', async () => {
    const { origin } = await started()
    for (const [path, type] of [
      ['', 'text/html'],
      ['/page.css', 'text/css'],
      ['/style.css', 'text/css'],
      ['/page.js', 'text/javascript'],
    ]) {
      const response = await fetch(`${origin}/observatory${path}`)
      expect([path, response.status]).toEqual([path, 200])
      expect(response.headers.get('content-type')).toContain(type)
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      await response.text()
    }
    expect((await fetch(`${origin}/observatory/server.ts`)).status).toBe(404)
  })

  test.each([
    ['localhost', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:8081', 200],
    ['rebound.example', 403],
    ['localhost.example', 403],
    ['127.0.0.1.example:80', 403],
  ])('asked for as %s it answers %d', async (host, status) => {
    const { port } = await started()
    expect(await statusOf(port, { host })).toBe(status)
  })

  test.each(['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])(
    'is not for whom a proxy passes on (%s)',
    async name => {
      const { port } = await started()
      expect(await statusOf(port, { host: 'localhost', [name]: '192.0.2.1' })).toBe(403)
    },
  )

  test('feeds its own page, and no other page and no program', async () => {
    const { port, origin } = await started()
    const client = await openClient(feedOf(port), { origin })
    expect(JSON.parse((await client.next()) as string)).toMatchObject({ type: 'snapshot' })
    await expect(openClient(feedOf(port))).rejects.toThrow('403')
    await expect(openClient(feedOf(port), { origin: 'http://elsewhere.example' })).rejects.toThrow(
      '403',
    )
    await expect(
      openClient(feedOf(port), { origin, headers: { 'x-forwarded-for': '192.0.2.1' } }),
    ).rejects.toThrow('403')
    const rebound = `http://rebound.example:${port}`
    await expect(
      openClient(feedOf(port), { origin: rebound, headers: { host: `rebound.example:${port}` } }),
    ).rejects.toThrow('403')
  })

  test('inspects only while its page is open', async () => {
    const { port, origin, inside } = await started()
    expect(inside.observed).toBe(false)
    const client = await openClient(feedOf(port), { origin })
    await client.next()
    expect(inside.observed).toBe(true)
    client.ws.close()
    await client.closed
    while (inside.observed) await new Promise(resolve => setImmediate(resolve))
  })

  test('tells of the messages of those that the page shows, and of no others', async () => {
    const { port, origin, inside } = await started()
    const feed = await openClient(feedOf(port), { origin })
    const seen: { type: string; marbles?: [string, string, string, number][] }[] = []
    feed.ws.on('message', (data: Buffer) => seen.push(JSON.parse(data.toString()) as never))
    const [one, other] = [
      await openClient(`ws://127.0.0.1:${port}/ws`),
      await openClient(`ws://127.0.0.1:${port}/ws`),
    ]
    const [first] = inside.live
    const id = first!.id
    feed.ws.send(JSON.stringify({ watch: [id] }))
    const { outbox } = first![parts].writer
    while (!outbox.tap) await new Promise(resolve => setImmediate(resolve))
    one.ws.send('12345')
    other.ws.send('123')
    const marbles = () => seen.flatMap(each => each.marbles ?? [])
    while (marbles().length === 0) await event(feed.ws, 'message')
    expect(marbles().map(([of, ...rest]) => [of, ...rest.slice(0, 3)])).toEqual([
      [id, 'in', 'text', 5],
    ])
  })
})
