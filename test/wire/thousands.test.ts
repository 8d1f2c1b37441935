import { firstValueFrom, lastValueFrom, NEVER } from 'rxjs'
import { expect, test } from 'vitest'
import { type Close, type Connection, ConnectionLostError, HeartbeatError } from 'rivulet'
import { checkLeaks } from './leak-check.js'
import { serving } from './serving.js'
import { affordable, fallSilent, many, openPolite, openRaw } from './thousands-clients.js'
import { openClient } from './ws-client.js'

checkLeaks()

const wanted = 2_000

test('thousands that end at once, each in its own way, each end with the right Close', async () => {
  const quarter = affordable(wanted) / 4
  const { server, port, url } = await serving(
    { heartbeat: { interval: 300, timeout: 900 } },
    ({ messages }) => messages,
  )
  const bystander = await openClient(`${url}/bystander`)
  const ours: Connection[] = []
  const closes: { kind: string; id: string; close: Close }[] = []
  const ends: Promise<Close>[] = []
  const watching = server.connections.subscribe(connection => {
    const { handshake, id, closed } = connection
    if (handshake.url === '/us') ours.push(connection)
    ends.push(firstValueFrom(closed))
    closed.subscribe(close => closes.push({ kind: handshake.url.slice(1), id, close }))
  })
  const leaving = await many(quarter, () => openPolite(`${url}/peer`))
  const staying = await many(quarter, () => openPolite(`${url}/us`))
  const cut = await many(quarter, () => openRaw(port, '/cut'))
  const silent = await many(quarter, () => openRaw(port, '/silent'))
  watching.unsubscribe()
  expect(closes).toEqual([])

  silent.forEach(fallSilent)
  for (const { tcp } of cut) tcp.resetAndDestroy()
  for (const { ws } of leaving) ws.close(4000, 'from the peer')
  for (const { close } of ours) close(4001, 'from us')

  expect(ours).toHaveLength(quarter)
  for (const { closed } of leaving) {
    expect(await closed).toEqual({ code: 4000, reason: 'from the peer' })
  }
  for (const { closed } of staying) expect(await closed).toEqual({ code: 4001, reason: 'from us' })
  // the silent ones come heartbeat.timeout behind the others
  await Promise.all(ends)

  expect(closes).toHaveLength(4 * quarter)
  expect(new Set(closes.map(({ id }) => id)).size).toBe(4 * quarter)
  const of = (kind: string) => closes.filter(each => each.kind === kind).map(({ close }) => close)
  expect(of('peer')).toEqual(
    Array<unknown>(quarter).fill({
      code: 4000,
      reason: 'from the peer',
      wasClean: true,
      by: 'peer',
      sent: 4000,
      received: 4000,
    }),
  )
  expect(of('us')).toEqual(
    Array<unknown>(quarter).fill({
      code: 4001,
      reason: 'from us',
      wasClean: true,
      by: 'local',
      sent: 4001,
      received: 4001,
    }),
  )
  for (const [kind, cause] of [
    ['cut', ConnectionLostError],
    ['silent', HeartbeatError],
  ] as const) {
    const all = of(kind)
    expect(all).toHaveLength(quarter)
    for (const close of all) {
      expect(close).toEqual({
        code: 1006,
        reason: '',
        wasClean: false,
        by: 'network',
        cause: expect.any(cause) as unknown,
      })
    }
  }
  expect(of('cut').every(({ cause }) => isReset(cause?.cause))).toBe(true)

  // it serves who was there all the while, and who comes now
  for (const client of [bystander, await openClient(url)]) {
    client.ws.send('still there?')
    expect(await Promise.race([client.next(), client.closed])).toBe('still there?')
  }
  expect(await lastValueFrom(server.drain())).toEqual({ open: 0, closing: 0, closed: 2, left: 0 })
  expect(closes).toHaveLength(4 * quarter)
}, 100_000)

test('a drain of thousands sends what is queued for each, then 1012', async () => {
  const count = affordable(wanted)
  const { server, url } = await serving({ outbox: { bytes: 64 * 1024 * 1024 } }, () => NEVER)
  const connections: Connection[] = []
  server.connections.subscribe(connection => connections.push(connection))
  const clients = await many(count, () => openPolite(url))
  const counts = clients.map(() => 0)
  clients.forEach(({ ws }, at) => {
    // nobody reads before the drain has begun
    ws.pause()
    ws.on('message', () => counts[at]!++)
  })

  // for some more than the operating system takes; for all of them that would be gigabytes
  const expected = clients.map((_, at) => (at % 100 === 0 ? 128 : 20))
  const ends = connections.map(({ closed }) => firstValueFrom(closed))
  const [large, small] = [Buffer.alloc(64 * 1024), Buffer.alloc(1024)]
  connections.forEach(({ send, flow }, at) => {
    for (let nth = 0; nth < expected[at]!; nth++) send(at % 100 === 0 ? large : small)
    if (at % 100 === 0) expect(flow.queued).toBeGreaterThan(0)
  })
  const done = lastValueFrom(server.drain({ over: 1_000, deadline: 40_000 }))
  for (const { ws } of clients) ws.resume()

  expect(await done).toEqual({ open: 0, closing: 0, closed: count, left: 0 })
  const seen = await Promise.all(clients.map(({ closed }) => closed))
  expect(seen).toEqual(Array<unknown>(count).fill({ code: 1012, reason: 'server restarting' }))
  expect(counts).toEqual(expected)
  const clean = { code: 1012, wasClean: true, by: 'local', sent: 1012, received: 1012 }
  for (const close of await Promise.all(ends)) {
    expect(close).toEqual({ ...clean, reason: 'server restarting' })
  }
}, 100_000)

const isReset = (error: unknown) => (error as { code?: string } | undefined)?.code === 'ECONNRESET'
