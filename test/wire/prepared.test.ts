import fc from 'fast-check'
import * as ws from 'ws'
import { concat, firstValueFrom, NEVER, of, switchMap, take, toArray } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect, fragments, type Message, prepare } from 'rivulet'
import { prepared } from '../../src/prepare.js'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

// not in the types of ws
const { Sender } = ws as unknown as {
  Sender: { frame(data: Uint8Array, options: object): Uint8Array[] }
}

/** What ws itself would put on the wire. */
function framedByWs(message: Message): Buffer {
  const options = { fin: true, rsv1: false, mask: false, readOnly: true }
  const opcode = typeof message === 'string' ? 1 : 2
  const data = typeof message === 'string' ? Buffer.from(message) : message
  return Buffer.concat(Sender.frame(data, { ...options, opcode }))
}

const sizes = [0, 1, 125, 126, 127, 65_534, 65_535, 65_536, 1024 * 1024]

describe('a prepared message', () => {
  test.each(sizes)('of %d bytes is framed as ws frames it', size => {
    for (const message of ['x'.repeat(size), new Uint8Array(size).fill(7)]) {
      const { frame } = prepare(message)[prepared]
      expect(framedByWs(message).equals(frame)).toBe(true)
    }
  })

  test('of any text or bytes is framed as ws frames it, also of half a surrogate pair', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40_000 })
    const broken = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 })
    const any = fc.oneof(
      text,
      broken.map(units => String.fromCharCode(...units)),
      fc.uint8Array({ maxLength: 70_000 }),
    )
    fc.assert(
      fc.property(any, message => {
        const { frame } = prepare(message)[prepared]
        expect(framedByWs(message).equals(frame)).toBe(true)
      }),
      { seed: 6, numRuns: 200 },
    )
  })

  test('arrives as ws would have sent it, text as text and binary as binary', async () => {
    const messages = sizes.flatMap(size => ['é'.repeat(size >> 1), new Uint8Array(size).fill(7)])
    const { url } = await serving({ outbox: { bytes: 2 ** 30 } }, () =>
      concat(of(...messages.map(message => prepare(message))), NEVER),
    )
    const client = await openClient(url)
    for (const message of messages) {
      const got = await client.next()
      if (typeof message === 'string') expect(got === message).toBe(true)
      else expect(Buffer.compare(got as Buffer, message)).toBe(0)
    }
  })

  test('keeps its place among ordinary messages, fragments, pings and the Close frame', async () => {
    const kinds = fc.constantFrom('plain', 'prepared', 'binary', 'pieces', 'ping', 'large')
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { maxLength: 30 }), async script => {
        const { url, server } = await serving({ outbox: { bytes: 2 ** 30 } })
        const opened = nextOf(server)
        const client = await openClient(url)
        const seen: string[] = []
        let pongs = 0
        client.ws.on('pong', () => pongs++)
        client.ws.on('message', (data: Buffer) => seen.push(data.toString('latin1', 0, 12)))
        const connection = await opened
        const expected = script.map((kind, at) => {
          const name = `${at} ${kind}`.padEnd(12)
          if (kind === 'plain') connection.send(name)
          else if (kind === 'prepared') connection.send(prepare(name))
          else if (kind === 'binary') connection.send(prepare(Buffer.from(name)))
          else if (kind === 'ping') client.ws.ping()
          else if (kind === 'large') connection.send(prepare(name.padEnd(100_000)))
          else {
            connection.send(
              fragments(
                (async function* () {
                  yield Buffer.from(name.slice(0, 5))
                  yield await Promise.resolve(Buffer.from(name.slice(5)))
                })(),
              ),
            )
          }
          return kind === 'ping' ? undefined : name
        })
        // the answers to the pings pass in between
        const answered = script.filter(kind => kind === 'ping').length
        while (pongs < answered) await event(client.ws, 'pong')
        connection.close(4000)
        expect(await client.closed).toMatchObject({ code: 4000 })
        expect(seen).toEqual(expected.filter(each => each !== undefined))
      }),
      { seed: 6, numRuns: 25 },
    )
  })

  test('goes nowhere once the peer has said goodbye, and is counted as refused', async () => {
    const { url, server } = await serving()
    const opened = nextOf(server)
    const client = await openClient(url)
    const connection = await opened
    const ended = new Promise(resolve => connection.closed.subscribe(resolve))
    client.ws.close(1000)
    await client.closed
    await ended
    expect(connection.send(prepare('late'))).toBe(false)
    expect(connection.flow.refused).toBe(1)
  })

  test('is masked by a client, as it goes through ws', async () => {
    const { url } = await serving({}, ({ messages }) => messages)
    const bytes = Uint8Array.of(1, 2, 3)
    const message = prepare(bytes)
    const came = await firstValueFrom(
      connect(url, {}, ({ send }) => {
        send(message)
        send(message)
      }).pipe(
        switchMap(({ messages }) => messages),
        take(2),
        toArray(),
      ),
    )
    // ws masks a copy: the next one to get it gets the same
    expect(came.map(each => [...(each as Uint8Array)])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect([...(message[prepared].message as Uint8Array)]).toEqual([1, 2, 3])
  })
})
