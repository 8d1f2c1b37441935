import { createHash } from 'node:crypto'
import { firstValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
import { type Connection, fragments } from 'rivulet'
import { encodeFrame, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

const mebibyte = 1024 * 1024

async function* pieces(count: number, size: number) {
  for (let each = 0; each < count; each++) {
    await Promise.resolve()
    yield Buffer.alloc(size, each)
  }
}

/** A source of which each piece is given by hand. */
function byHand() {
  let settle: (result: IteratorResult<Uint8Array>) => void
  let fail: (error: Error) => void
  return {
    give: (piece: string) => settle({ done: false, value: Buffer.from(piece) }),
    finish: () => settle({ done: true, value: undefined }),
    fail: (error: Error) => fail(error),
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
          settle = resolve
          fail = reject
        }),
    }),
  }
}

async function pair(): Promise<{ connection: Connection; client: RawClient }> {
  const { port, server } = await serving()
  const opened = nextOf(server)
  const client = await RawClient.upgraded(port)
  return { connection: await opened, client }
}

const shown = ({ opcode, payload }: { opcode: number; payload: Buffer }) =>
  `${opcode} ${payload.toString()}`

test('a message of 5 MiB in pieces arrives whole, before what was sent behind it', async () => {
  const { url, server } = await serving({}, ({ send }) => {
    send('before')
    send(fragments(pieces(80, 64 * 1024)))
    send('behind')
  })
  const opened = nextOf(server)
  const client = await openClient(url)
  const connection = await opened
  expect(await client.next()).toBe('before')
  const got = (await client.next()) as Buffer
  expect(got.length).toBe(5 * mebibyte)
  const expected = createHash('sha256')
  for await (const piece of pieces(80, 64 * 1024)) expected.update(piece)
  expect(createHash('sha256').update(got).digest('hex')).toBe(expected.digest('hex'))
  expect(await client.next()).toBe('behind')
  expect(connection.flow.snapshot()).toMatchObject({ sent: 3, refused: 0, queued: 0 })
})

test('a ping is answered between the pieces', async () => {
  const { connection, client } = await pair()
  const source = byHand()
  connection.send(fragments(source))
  source.give('one')
  expect(shown(await client.next())).toBe(`${opcodes.binary} one`)
  client.write(encodeFrame(opcodes.ping, 'between'))
  expect(shown(await client.next())).toBe(`${opcodes.pong} between`)
  connection.send('behind')
  source.give('two')
  expect(shown(await client.next())).toBe('0 two')
  source.finish()
  expect(shown(await client.next())).toBe('0 ')
  expect(shown(await client.next())).toBe(`${opcodes.text} behind`)
})

test('a ping is answered between the pieces of a writer that is pulled', async () => {
  const source = byHand()
  const { port } = await serving({}, async function* () {
    yield fragments(source)
    await new Promise(() => undefined)
  })
  const client = await RawClient.upgraded(port)
  source.give('one')
  expect(shown(await client.next())).toBe(`${opcodes.binary} one`)
  client.write(encodeFrame(opcodes.ping, 'between'))
  expect(shown(await client.next())).toBe(`${opcodes.pong} between`)
  source.finish()
})

test('a source that fails in the middle closes with 1011', async () => {
  const { connection, client } = await pair()
  const source = byHand()
  connection.send(fragments(source))
  connection.send('never')
  source.give('one')
  expect(shown(await client.next())).toBe(`${opcodes.binary} one`)
  source.fail(new Error('disk'))
  const close = await client.next()
  expect([close.opcode, close.payload.readUInt16BE()]).toEqual([opcodes.close, 1011])
  client.tcp.end()
  expect(await firstValueFrom(connection.closed)).toMatchObject({
    sent: 1011,
    cause: { code: 'ERR_APPLICATION', where: 'writer' },
  })
})

test('a source that fails while closing sends nothing behind it but the Close frame', async () => {
  const { connection, client } = await pair()
  const source = byHand()
  connection.send(fragments(source))
  connection.send('taken for the rest')
  source.give('one')
  expect(shown(await client.next())).toBe(`${opcodes.binary} one`)
  connection.close(4000)
  source.fail(new Error('disk'))
  const close = await client.next()
  expect([close.opcode, close.payload.readUInt16BE()]).toEqual([opcodes.close, 4000])
  client.tcp.end()
  await firstValueFrom(connection.closed)
})

test('close finishes the message first', async () => {
  const { connection, client } = await pair()
  const source = byHand()
  connection.send(fragments(source))
  source.give('one')
  expect(shown(await client.next())).toBe(`${opcodes.binary} one`)
  connection.close(4000)
  source.give('two')
  expect(shown(await client.next())).toBe('0 two')
  source.finish()
  expect(shown(await client.next())).toBe('0 ')
  expect((await client.next()).opcode).toBe(opcodes.close)
  client.tcp.end()
  await firstValueFrom(connection.closed)
})

test('pieces that are refused count as one message', async () => {
  const { connection, client } = await pair()
  const source = byHand()
  connection.send(fragments(source))
  source.give('one')
  await client.next()
  // ws answers the Close frame by itself, and swallows what comes behind its answer
  client.frame(opcodes.close, Buffer.of(0x0f, 0xa0))
  expect((await client.next()).opcode).toBe(opcodes.close)
  for (const each of 'abc') {
    source.give(each)
    await new Promise(setImmediate)
  }
  client.tcp.destroy()
  await firstValueFrom(connection.closed)
  expect(connection.flow.snapshot()).toMatchObject({ sent: 0, refused: 1 })
})
