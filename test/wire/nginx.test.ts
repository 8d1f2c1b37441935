import { Agent } from 'node:https'
import { firstValueFrom, lastValueFrom, map, merge, NEVER, of, take } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Connection, connect, type ConnectOptions, HandshakeError } from 'rivulet'
import type { ServeOptions } from 'rivulet/server'
import { checkLeaks } from './leak-check.js'
import { leftOut, startNginx } from './nginx.js'
import { serving } from './serving.js'

checkLeaks()

/** Two processes' worth of servers behind one nginx. */
async function behindNginx(options: Partial<ServeOptions> = {}, idle?: string) {
  const told = { path: '/ws', trustProxy: true, ...options }
  const handler = ({ handshake }: Connection) => merge(of(handshake.remoteAddress ?? ''), NEVER)
  const [one, two] = [await serving(told, handler), await serving(told, handler)]
  const { port, ca } = await startNginx([one.port, two.port], idle)
  const origin = `https://localhost:${port}`
  const open = (more: ConnectOptions = {}) =>
    connect(`wss://localhost:${port}/ws`, { tls: { ca }, ...more })
  return { one, two, open, origin, ca }
}

const refusalOf = (opening: ReturnType<typeof connect>) =>
  lastValueFrom(opening).then(
    () => undefined,
    (error: unknown) => (error instanceof HandshakeError ? error : undefined),
  )

describe.skipIf(leftOut)('behind nginx, as docs/deploying.md sets it up', () => {
  test('its own pages are let in over TLS, others are not, and the address is the client’s', async () => {
    const { open, origin, ca } = await behindNginx()
    const agent = new Agent({ localAddress: '127.0.0.2', ca })
    const connection = await new Promise<Connection>((resolve, reject) =>
      open({ headers: { origin }, agent }).subscribe({ next: resolve, error: reject }),
    )
    expect(await firstValueFrom(connection.messages.pipe(map(message => String(message))))).toBe(
      '127.0.0.2',
    )
    connection.close()
    await firstValueFrom(connection.closed)
    agent.destroy()
    const refusal = await refusalOf(open({ headers: { origin: 'https://other.example' } }))
    expect(refusal?.status).toBe(403)
  })

  test('while one process drains, who comes gets to the other', async () => {
    const { one, two, open } = await behindNginx()
    const all = Promise.all(
      [one, two].map(({ server }) => lastValueFrom(server.connections.pipe(take(2)))),
    )
    const codes: number[] = []
    const opened = Array.from({ length: 4 }, () =>
      open().subscribe({
        next: ({ closed }) => closed.subscribe(({ code }) => codes.push(code)),
        error: () => undefined,
      }),
    )
    await all
    // it has connections, and its port, for as long as it takes
    const drained = lastValueFrom(one.server.drain({ over: 500 }))
    const four = lastValueFrom(two.server.connections.pipe(take(4)))
    const refusals: unknown[] = []
    const late = Array.from({ length: 4 }, () =>
      open().subscribe({ error: error => refusals.push(error) }),
    )
    await Promise.all([four, drained])
    expect(refusals).toEqual([])
    expect(codes).toEqual([1012, 1012])
    for (const subscription of [...opened, ...late]) subscription.unsubscribe()
  })

  test('when both are full the client sees the 503, and when to come back', async () => {
    const { one, two, open } = await behindNginx({ limits: { connections: 1 } })
    const both = Promise.all([one, two].map(({ server }) => firstValueFrom(server.connections)))
    const subscriptions = [open().subscribe(), open().subscribe()]
    await both
    const refusal = await refusalOf(open())
    expect(refusal?.status).toBe(503)
    expect(refusal?.headers['retry-after']).toBe('30')
    for (const subscription of subscriptions) subscription.unsubscribe()
  })

  describe('which closes what is idle for a second', () => {
    const ended = (opening: ReturnType<typeof connect>) =>
      new Promise<number>(resolve =>
        opening.subscribe({
          next: ({ closed }) => closed.subscribe(({ code }) => resolve(code)),
          error: () => undefined,
        }),
      )

    test('a heartbeat that is shorter keeps a silent connection open', async () => {
      const heartbeat = { interval: 300, timeout: 2_000 }
      const { open } = await behindNginx({ heartbeat, timeouts: { lifetime: 2_500 } }, '1s')
      expect(await ended(open())).toBe(1012)
    })

    test('without one both sides lose it', async () => {
      const { one, two, open } = await behindNginx({ heartbeat: false }, '1s')
      const other = firstValueFrom(merge(one.server.connections, two.server.connections)).then(
        ({ closed }) => firstValueFrom(closed),
      )
      expect(await ended(open())).toBe(1006)
      expect(await other).toMatchObject({ code: 1006, by: 'network' })
    })
  })
})

if (leftOut) console.log('nginx was not found: the tests behind it are left out')
