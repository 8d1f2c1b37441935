import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { filter, firstValueFrom, interval, map, NEVER, take, toArray } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, type Inspection, inspect } from 'rivulet'
import { accept, refuse } from 'rivulet/server'
import { roster, type Roster } from '../../src/connection/roster.js'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { nextOf, serving, stopped } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

type Of<T extends Inspection['type']> = Extract<Inspection, { type: T }>

/** Keeps all that is seen, and waits for some of it. */
function watching(subject: Parameters<typeof inspect>[0], options?: Parameters<typeof inspect>[1]) {
  const all: Inspection[] = []
  const inspected = inspect(subject, options)
  let completed = false
  const subscription = inspected.subscribe({
    next: each => all.push(each),
    complete: () => (completed = true),
  })
  onTestFinished(() => subscription.unsubscribe())
  const next = <T extends Inspection['type']>(type: T): Promise<Of<T>> =>
    firstValueFrom(
      interval(5).pipe(
        map(() => all.find((each): each is Of<T> => each.type === type)),
        filter(each => each !== undefined),
      ),
    )
  return { all, next, subscription, completed: () => completed }
}

describe('inspect of a server', () => {
  test('tells of each connection: opened, samples, closing, closed', async () => {
    const { server, url } = await serving({ path: '/ws' }, ({ messages }) => messages)
    const { all, next } = watching(server, { interval: 20 })
    expect(all).toMatchObject([{ type: 'snapshot', connections: [] }])
    const client = await openClient(`${url}?token=s3cret`)
    const opened = await next('opened')
    expect(opened).toMatchObject({ url: '/ws?…', remoteAddress: '127.0.0.1', protocol: '' })
    expect(opened.handshake).toBeGreaterThanOrEqual(0)
    client.ws.send('12345')
    await client.next()
    const samples = await next('samples')
    expect(samples.connections[0]?.id).toBe(opened.id)
    client.ws.close(4000, 'enough')
    expect(await next('closed')).toMatchObject({
      id: opened.id,
      messagesIn: 1,
      messagesOut: 1,
      close: { code: 4000, reason: 'enough', by: 'peer', wasClean: true },
    })
  })

  test('begins with what is there, for who comes late', async () => {
    const { server, url } = await serving({}, ({ messages }) => messages)
    const client = await openClient(url)
    client.ws.send('one')
    await client.next()
    const { all } = watching(server)
    expect(all).toMatchObject([
      {
        type: 'snapshot',
        connections: [{ state: 'open', messagesIn: 1, messagesOut: 1, url: '/' }],
      },
    ])
    const [first] = all as [Of<'snapshot'>]
    expect(first.connections[0]?.openedAt).toBeGreaterThan(Date.now() - 60_000)
    // TCP: the handshake, and a masked frame of 9 bytes
    expect(first.connections[0]?.bytesIn).toBeGreaterThan(100)
    expect(first.connections[0]?.bytesOut).toBeGreaterThan(100)
  })

  test('tells of refused handshakes by their status', async () => {
    const { server, url } = await serving({
      path: '/ws',
      authenticate: () => refuse(402),
    })
    const { all } = watching(server)
    await expect(openClient(url)).rejects.toThrow('402')
    await expect(openClient(url, { origin: 'http://elsewhere.example' })).rejects.toThrow('403')
    await expect(openClient(`${url}/other`)).rejects.toThrow('404')
    const { port } = await firstValueFrom(server.listening)
    await fetch(`http://127.0.0.1:${port}/ws`)
    // no handshake was meant
    await fetch(`http://127.0.0.1:${port}/page`)
    const statuses = all.flatMap(each => (each.type === 'refused' ? [each.status] : []))
    expect(statuses).toEqual([402, 403, 404, 426])
  })

  test('completes with the server', async () => {
    const { server, url } = await serving({}, () => NEVER)
    const client = await openClient(url)
    const { all, completed } = watching(server)
    const closed = stopped(server)
    await client.closed
    await closed
    expect(completed()).toBe(true)
    expect(all.at(-1)).toMatchObject({ type: 'closed', close: { code: 1001, by: 'local' } })
    const late = await firstValueFrom(inspect(server).pipe(toArray()))
    expect(late).toMatchObject([{ type: 'snapshot', connections: [] }])
  })

  test('leaves nothing behind: no onlooker, no tap', async () => {
    const { server, url } = await serving({}, ({ messages }) => messages)
    const inside = (server as unknown as { [roster]: Roster })[roster]
    expect(inside.observed).toBe(false)
    const client = await openClient(url)
    const { all, subscription, next } = watching(server, { messages: true })
    expect(inside.observed).toBe(true)
    client.ws.send('one')
    await client.next()
    await next('message')
    const messages = all.filter(({ type }) => type === 'message')
    expect(messages).toHaveLength(2)
    expect(messages).toEqual(
      expect.arrayContaining(
        (['in', 'out'] as const).map(
          direction => expect.objectContaining({ direction, bytes: 3 }) as unknown,
        ),
      ),
    )
    subscription.unsubscribe()
    expect(inside.observed).toBe(false)
  })
})

describe('inspect of what accept returned', () => {
  test('tells of an HTTP server that listens again, when accept is subscribed to again', async () => {
    const http = createServer()
    const accepted = accept(http, { path: '/ws' }, () => NEVER)
    for (let time = 0; time < 2; time++) {
      http.listen(0, '127.0.0.1')
      await event(http, 'listening')
      accepted.subscribe()
      const { next, completed } = watching(accepted)
      const { port } = http.address() as AddressInfo
      const client = await openClient(`ws://127.0.0.1:${port}/ws`)
      await next('opened')
      client.ws.close()
      await client.closed
      http.close()
      await event(http, 'close')
      expect(completed()).toBe(true)
    }
  })

  test('tells of its connections, and completes with the HTTP server', async () => {
    const http = createServer().listen(0, '127.0.0.1')
    await event(http, 'listening')
    const accepted = accept(http, { path: '/ws' }, ({ messages }) => messages)
    accepted.subscribe()
    const { all, next, completed } = watching(accepted)
    const { port } = http.address() as AddressInfo
    const client = await openClient(`ws://127.0.0.1:${port}/ws`)
    expect(await next('opened')).toMatchObject({ url: '/ws' })
    client.ws.close(1000)
    await next('closed')
    const closed = event(http, 'close')
    http.close()
    await closed
    expect(completed()).toBe(true)
    expect(all.map(({ type }) => type)).toEqual(['snapshot', 'opened', 'closed'])
  })
})

describe('inspect of a client', () => {
  test('tells of its connection from connecting on', async () => {
    const { server, url } = await serving({}, ({ messages }) => messages)
    const types: string[] = []
    const other = nextOf(server)
    await new Promise<void>(resolve =>
      connect(url)
        .pipe(take(2))
        .subscribe({
          next: connection =>
            inspect(connection, { interval: false }).subscribe({
              next: each => {
                types.push(each.type)
                if (each.type === 'snapshot') expect(each.connections[0]?.state).toBe('connecting')
                if (each.type === 'opened') void other.then(({ close }) => close(1000))
              },
              complete: resolve,
            }),
        }),
    )
    expect(types).toEqual(['snapshot', 'opened', 'closed'])
  })
})
