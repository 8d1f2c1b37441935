/** Rivulet with WebSocket libraries that are not ours, each as client and as server. */

import { filter, firstValueFrom, type Observable } from 'rxjs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Close, connect, type Connection, fragments, type Message } from 'rivulet'
import { checkLeaks } from '../wire/leak-check.js'
import { dialed, opened } from '../wire/dialed.js'
import { Mailbox } from '../wire/mailbox.js'
import { serving } from '../wire/serving.js'
import { foreigners, Program, removeBuilt } from './peers.js'

checkLeaks()
afterAll(removeBuilt)

const codes = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 4999,
]
const sizes = [0, 1, 125, 126, 65_535, 65_536, 2 ** 20]
const heartbeat = { interval: 100, timeout: 5_000 }

/** Echoes, and closes as it is told to. */
function obey({ close, send, read }: Connection): void {
  read(message => {
    const [, code] = typeof message === 'string' ? (/^close (\d+)$/.exec(message) ?? []) : []
    if (code === undefined) send(message)
    else close(Number(code), 'ours')
  })
}

const peers = foreigners()

for (const { lacking } of peers) if (lacking !== undefined) console.warn(lacking)

describe.each(peers.filter(({ lacking }) => lacking === undefined))('$name', foreign => {
  describe.each([
    ['with', true],
    ['without', false],
  ] as const)('%s compression', (_, on) => {
    const compression = on && { threshold: 0, serverTakeover: true, clientTakeover: true }
    const known = codes.filter(code => foreign.knows(code))
    const limits = { payload: 2 ** 24 }

    test('as a client gets all echoed, has its pings answered, and agrees on every code', async () => {
      const { server, url } = await serving({ compression, limits, heartbeat }, obey)
      const ended = new Mailbox<Close>()
      const agreed = new Set<boolean>()
      server.connections.subscribe(({ closed, handshake }) => {
        agreed.add('sec-websocket-extensions' in handshake.headers)
        closed.subscribe(close => ended.put(close))
      })
      const program = new Program(foreign, 'dial', url, on ? 'on' : 'off', ...known.map(String))
      onTestFinished(() => program.stop())
      expect((await program.said.next()).echoed).toBeGreaterThanOrEqual(2 * sizes.length)
      expect(await ended.next()).toMatchObject({ code: 1000, by: 'peer' })
      for (const code of known) {
        if (foreign.sends(code)) {
          expect(await program.said.next()).toEqual({ closed: code, code })
          const reason = 'theirs'
          expect(await ended.next()).toMatchObject({ code, by: 'peer', received: code, reason })
        }
        expect(await program.said.next()).toEqual({ asked: code, code, reason: 'ours' })
        expect(await ended.next()).toMatchObject({ by: 'local', sent: code, wasClean: true })
      }
      expect(await program.said.next()).toEqual({ done: true })
      expect([...agreed]).toEqual([on])
    })

    describe('as a server', () => {
      let program: Program
      let url: string
      beforeAll(async () => {
        program = new Program(foreign, 'serve', '', '')
        url = `ws://127.0.0.1:${(await program.said.next()).port}`
        return () => program.stop()
      })
      const dial = (): Observable<Connection<Message, Message | ReturnType<typeof fragments>>> =>
        connect(url, { compression, limits, heartbeat })

      test('echoes all, whole and in pieces, and its ping is answered', async () => {
        const { connection, got, subscription, closed } = await opened(dial())
        expect('sec-websocket-extensions' in connection.handshake.headers).toBe(on)
        for (const size of sizes) {
          const text = 'wïre '.repeat(size).slice(0, size)
          connection.send(text)
          expect(await got.next()).toBe(text)
          const data = Buffer.alloc(
            size,
            Uint8Array.from({ length: 251 }, (_, at) => at),
          )
          connection.send(data)
          expect(data.equals((await got.next()) as Buffer)).toBe(true)
          connection.send(fragments(thirds(data)))
          expect(data.equals((await got.next()) as Buffer)).toBe(true)
        }
        connection.send('ping me')
        expect(await got.next()).toBe('ponged')
        subscription.unsubscribe()
        expect(await closed).toMatchObject({ code: 1000, by: 'local', wasClean: true })
        expect((await program.said.next()).code).toBe(1000)
      })

      test.each(known)('is told %i, and tells it', async code => {
        const ours = await opened(dial())
        ours.connection.close(code, 'ours')
        expect(await program.said.next()).toEqual({ code, reason: 'ours' })
        expect(await ours.closed).toMatchObject({ by: 'local', sent: code })
        if (!foreign.sends(code)) return
        const theirs = dialed(dial())
        await firstValueFrom(theirs.connection.states.pipe(filter(state => state === 'open')))
        theirs.connection.send(`close ${code}`)
        const reason = 'asked'
        expect(await theirs.closed).toMatchObject({ code, by: 'peer', received: code, reason })
        await program.said.next()
      })

      test.skipIf(known.includes(1014))(
        'does not know 1014, and we say that it was sent',
        async () => {
          const { connection, closed } = await opened(dial())
          connection.close(1014)
          await program.said.next()
          expect(await closed).toMatchObject({ by: 'local', sent: 1014 })
        },
      )
    })
  })
})

async function* thirds(data: Buffer) {
  const size = Math.ceil(data.length / 3)
  for (const at of [0, 1, 2]) yield await Promise.resolve(data.subarray(at * size, (at + 1) * size))
}
