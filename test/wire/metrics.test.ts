import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { interval, map, NEVER, of, concat } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { metrics } from 'rivulet'
import { accept } from 'rivulet/server'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { serving, stopped } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

describe('the metrics of a server', () => {
  test('are all zero at first', async () => {
    const { server } = await serving()
    expect(metrics(server)).toMatchObject({
      connections: { connecting: 0, open: 0, closing: 0 },
      opened: 0,
      refusedHandshakes: {},
      closed: {},
      messagesIn: 0,
      messagesOut: 0,
      bytesIn: 0,
      bytesOut: 0,
      queued: 0,
      queuedBytes: 0,
      handshake: { count: 0, sum: 0 },
      roundTrip: { count: 0, sum: 0 },
    })
  })

  test('only grow, whoever leaves: counts of the ended stay', async () => {
    const { server, url } = await serving({ path: '/ws' }, ({ messages }) => messages)
    const [first, second] = [await openClient(url), await openClient(url)]
    for (const client of [first, second]) {
      client.ws.send('one')
      await client.next()
    }
    const before = metrics(server)
    expect(before).toMatchObject({
      connections: { open: 2 },
      opened: 2,
      messagesIn: 2,
      messagesOut: 2,
      handshake: { count: 2 },
    })
    first.ws.close(4001)
    await first.closed
    await expect(openClient(`${url}/other`)).rejects.toThrow('404')
    const after = metrics(server)
    expect(after).toMatchObject({
      connections: { open: 1 },
      opened: 2,
      refusedHandshakes: { 404: 1 },
      closed: { 4001: 1 },
      messagesIn: 2,
      messagesOut: 2,
    })
    expect(after.bytesIn).toBeGreaterThan(before.bytesIn)
    expect(after.bytesOut).toBeGreaterThan(before.bytesOut)
    await stopped(server)
    const last = metrics(server)
    expect(last).toMatchObject({ connections: { open: 0 }, closed: { 1001: 1, 4001: 1 } })
    expect(last.bytesIn).toBeGreaterThanOrEqual(after.bytesIn)
    expect(last.messagesOut).toBe(2)
  })

  test('have how long pings took', async () => {
    const { server, url } = await serving({ heartbeat: { interval: 40 } }, () => NEVER)
    const client = await openClient(url)
    for (let pings = 0; pings < 2; pings++) await event(client.ws, 'ping')
    // the answer to the first has come before the second went out
    const { count, buckets } = metrics(server).roundTrip
    expect(count).toBeGreaterThanOrEqual(1)
    expect(buckets.at(-1)).toEqual({ le: 10_000, count })
  })

  test('have what waits for a peer that does not read', async () => {
    const { server, url } = await serving({}, () =>
      concat(interval(1).pipe(map(() => 'x'.repeat(200_000)))),
    )
    const client = await openClient(url)
    client.ws.pause()
    for (;;) {
      const { queued, queuedBytes } = metrics(server)
      if (queued > 0) {
        expect(queuedBytes).toBe(queued * 200_000)
        break
      }
      await new Promise(resolve => setImmediate(resolve))
    }
    client.ws.terminate()
  })

  test('only grow also when a peer vanishes with much on its way to it', async () => {
    const { server, url } = await serving({}, () => interval(1).pipe(map(() => 'x'.repeat(10_000))))
    const client = await openClient(url)
    client.ws.pause()
    while (metrics(server).queued === 0) await new Promise(resolve => setImmediate(resolve))
    const before = metrics(server)
    client.ws.terminate()
    while (metrics(server).connections.open > 0) await new Promise(resolve => setImmediate(resolve))
    const after = metrics(server)
    expect(after.refused).toBeGreaterThan(before.refused)
    expect(after.messagesOut).toBeGreaterThanOrEqual(before.messagesOut)
    expect(after.bytesOut).toBeGreaterThanOrEqual(before.bytesOut)
  })

  test('are those of what accept returned, too, and of nothing else', async () => {
    const http = createServer().listen(0, '127.0.0.1')
    await event(http, 'listening')
    const accepted = accept(http, { path: '/ws' }, () => of('one'))
    accepted.subscribe()
    const { port } = http.address() as AddressInfo
    const client = await openClient(`ws://127.0.0.1:${port}/ws`)
    await client.closed
    expect(metrics(accepted)).toMatchObject({ opened: 1, messagesOut: 1 })
    http.close()
    expect(() => metrics(NEVER)).toThrow(/^metrics: what was given is not a server/)
  })
})

describe('accept of a server', () => {
  test('takes connections at another path, which are counted by themselves', async () => {
    const { server, url, port } = await serving({ path: '/ws' }, ({ messages }) => messages)
    const beside = server.accept({ path: '/feed' }, () => concat(of('fed'), NEVER))
    beside.subscribe()
    const client = await openClient(`ws://127.0.0.1:${port}/feed`)
    expect(await client.next()).toBe('fed')
    await openClient(url)
    expect(metrics(server)).toMatchObject({ opened: 1 })
    expect(metrics(beside)).toMatchObject({ opened: 1, messagesOut: 1 })
    expect((await fetch(`http://127.0.0.1:${port}/feed`)).status).toBe(426)
  })

  test('ends with the server: its connections get 1001, and it completes', async () => {
    const { server, port } = await serving({ path: '/ws' })
    let completed = false
    server.accept({ path: '/feed' }, () => NEVER).subscribe({ complete: () => (completed = true) })
    const client = await openClient(`ws://127.0.0.1:${port}/feed`)
    const closed = stopped(server)
    expect(await client.closed).toMatchObject({ code: 1001 })
    await closed
    expect(completed).toBe(true)
  })

  test('is over when nobody subscribes: its connections stay, and its path is nobody’s', async () => {
    const { server, port } = await serving({ path: '/ws' })
    const subscription = server.accept({ path: '/feed' }, ({ messages }) => messages).subscribe()
    const client = await openClient(`ws://127.0.0.1:${port}/feed`)
    subscription.unsubscribe()
    expect((await fetch(`http://127.0.0.1:${port}/feed`)).status).toBe(404)
    client.ws.send('still here')
    expect(await client.next()).toBe('still here')
    const closed = stopped(server)
    expect(await client.closed).toMatchObject({ code: 1001 })
    await closed
  })

  test('needs a path, and one of its own', async () => {
    const { server } = await serving({ path: '/ws' })
    expect(() => server.accept({} as never)).toThrow('accept: path')
    const errors: unknown[] = []
    server.accept({ path: '/ws' }).subscribe({ error: error => errors.push(error) })
    expect(errors).toEqual([new Error('accept: this server accepts /ws already')])
  })
})
