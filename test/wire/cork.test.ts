import fc from 'fast-check'
import { firstValueFrom } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Connection, connect, fragments, type Message, prepare } from 'rivulet'
import { event } from './event.js'
import { opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving } from './serving.js'

checkLeaks()

/** One thing that a side does; `turn` waits for the next turn of the event loop. */
interface Step {
  readonly kind: 'text' | 'binary' | 'prepared' | 'fragments' | 'ping' | 'turn'
  readonly size: number
}

// around the lengths of headers, of what is joined, and of what is enough for a write
const sizes = [0, 1, 41, 42, 125, 126, 127, 2_730, 2_731, 8_192, 8_193, 16_384, 65_535, 65_536]
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('text', 'text', 'binary', 'prepared', 'fragments', 'ping', 'turn'),
  size: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(...sizes)),
})
const script = fc.array(step, { maxLength: 40 })
const outbox = { bytes: 2 ** 30 }
const turn = () => new Promise(resolve => setImmediate(resolve))

/** Plays the script; returns the messages that must come. */
async function play(connection: Connection, steps: readonly Step[], ping: () => void) {
  const sent: Message[] = []
  for (const [at, { kind, size }] of steps.entries()) {
    const text = `${at} é`.repeat(Math.ceil(size / 4)).slice(0, size)
    const bytes = Buffer.alloc(size, at + 1)
    if (kind === 'turn') await turn()
    else if (kind === 'ping') ping()
    else if (kind === 'binary') sent.push(bytes)
    else if (kind === 'fragments') sent.push(Buffer.concat([bytes, bytes]))
    else sent.push(text)
    if (kind === 'text') connection.send(text)
    if (kind === 'prepared') connection.send(prepare(text))
    if (kind === 'binary') connection.send(bytes)
    if (kind === 'fragments') {
      connection.send(
        fragments(
          (async function* () {
            yield bytes
            await turn()
            yield bytes
          })(),
        ),
      )
    }
  }
  return sent
}

const plain = (messages: readonly Message[]) =>
  messages.map(each => (typeof each === 'string' ? each : Buffer.from(each).toString('hex')))

describe.each([false, true])('what is sent in any turns, compression %s', compression => {
  test('comes from a server in order and whole, with the Close frame behind it', async () => {
    const { url, server } = await serving({ outbox, compression })
    await fc.assert(
      fc.asyncProperty(script, async steps => {
        const opened = nextOf(server)
        const ws = new WebSocket(url, { perMessageDeflate: compression })
        const came: Message[] = []
        let pongs = 0
        ws.on('message', (data: Buffer, binary) => came.push(binary ? data : data.toString()))
        ws.on('pong', () => pongs++)
        const [connection] = await Promise.all([opened, event(ws, 'open')])
        const closed = event<[number, Buffer]>(ws, 'close')
        const sent = await play(connection, steps, () => ws.ping())
        // what ws answers by itself goes out as long as this side has not closed
        const pings = steps.filter(({ kind }) => kind === 'ping').length
        await expect.poll(() => pongs).toBe(pings)
        connection.close(4_000, 'done')
        expect((await closed)[0]).toBe(4_000)
        expect(plain(came)).toEqual(plain(sent))
        expect(connection.flow.refused).toBe(0)
      }),
      { seed: 10, numRuns: 60 },
    )
  })

  test('comes from a client in order and whole, with the Close frame behind it', async () => {
    const { url, server } = await serving({ outbox, compression })
    await fc.assert(
      fc.asyncProperty(script, async steps => {
        const opened = nextOf(server)
        const client = await new Promise<Connection>(resolve =>
          connect(url, { compression, outbox }, connection => {
            resolve(connection)
          }).subscribe({ error: () => undefined }),
        )
        const peer = await opened
        const came: Message[] = []
        peer.messages.subscribe(message => came.push(message))
        const end = firstValueFrom(peer.closed)
        // nobody can ask for a ping here: the beats of a heartbeat are minutes apart
        const sent = await play(client, steps, () => undefined)
        client.close(4_000, 'done')
        expect(await end).toMatchObject({ code: 4_000, by: 'peer', wasClean: true })
        expect(plain(came)).toEqual(plain(sent))
        expect(client.flow.refused).toBe(0)
      }),
      { seed: 10, numRuns: 60 },
    )
  })
})

/** Everything that is answered in one read: echoes, pongs, and last the peer's Close frame. */
const asked = fc.array(
  fc.record({
    kind: fc.constantFrom('text', 'binary', 'ping'),
    payload: fc.string({ unit: 'grapheme-ascii', maxLength: 120 }),
  }),
  { maxLength: 60 },
)

test('answers that ws gives by itself keep their place among echoes of the same turn', async () => {
  const { port } = await serving({}, ({ messages }) => messages)
  await fc.assert(
    fc.asyncProperty(asked, async frames => {
      const client = await RawClient.upgraded(port)
      client.tcp.cork()
      for (const { kind, payload } of frames) client.frame(opcodes[kind], payload)
      client.frame(opcodes.close, Buffer.from([0x03, 0xe8]))
      client.tcp.uncork()
      for (const { kind, payload } of frames) {
        const { opcode, payload: answer } = await client.next()
        expect(opcode).toBe(kind === 'ping' ? opcodes.pong : opcodes[kind])
        expect(answer.toString()).toBe(payload)
      }
      const last = await client.next()
      expect(last).toMatchObject({ opcode: opcodes.close, payload: Buffer.from([0x03, 0xe8]) })
      client.tcp.end()
      expect(await client.rest()).toBe('')
    }),
    { seed: 10, numRuns: 60 },
  )
})

test('what a turn has sent leaves in one write', async () => {
  const { port, server } = await serving()
  const opened = nextOf(server)
  const client = await RawClient.upgraded(port)
  const connection = await opened
  const chunk = event<[Buffer]>(client.tcp, 'data')
  for (let number = 0; number < 16; number++) connection.send(`message ${number}`)
  expect(String(await chunk).match(/message \d+/g)).toHaveLength(16)
})
