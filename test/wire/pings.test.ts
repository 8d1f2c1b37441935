import { NEVER } from 'rxjs'
import { expect, test } from 'vitest'
import type { Handler } from 'rivulet'
import { event } from './event.js'
import { encodeFrame, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

const silent: [string, Handler][] = [
  ['the writer is silent and nobody reads', () => NEVER],
  ['there is no writer and nobody reads', () => undefined],
  ['the reader discards', ({ read }) => void read(() => undefined)],
]

for (const [when, handler] of silent) {
  test(`answers pings while ${when}`, async () => {
    const { url } = await serving({}, handler)
    const { ws } = await openClient(url)
    for (const mark of ['one', 'two']) {
      const pong = event<[Buffer]>(ws, 'pong')
      ws.send('something to throw away')
      ws.ping(mark)
      expect((await pong)[0].toString()).toBe(mark)
    }
  })
}

test('answers a ping between the fragments of a message', async () => {
  const { port } = await serving({}, () => NEVER)
  const client = await RawClient.upgraded(port)
  // a text frame of one byte without FIN, masked with zeros
  client.write(Uint8Array.of(0x01, 0x81, 0, 0, 0, 0, 0x61))
  client.frame(opcodes.ping, 'between')
  const pong = await client.next()
  expect(pong.opcode).toBe(opcodes.pong)
  expect(pong.payload.toString()).toBe('between')
})

test('takes pongs that nobody asked for', async () => {
  const { port } = await serving({}, () => NEVER)
  const client = await RawClient.upgraded(port)
  client.frame(opcodes.pong, 'unasked')
  client.frame(opcodes.ping, 'still there')
  expect((await client.next()).payload.toString()).toBe('still there')
})

test('answers 1,000 pings that come in one go, in order', async () => {
  const { port } = await serving({}, () => NEVER)
  const client = await RawClient.upgraded(port)
  const marks = Array.from({ length: 1_000 }, (_, at) => `${at}`)
  client.write(Buffer.concat(marks.map(mark => encodeFrame(opcodes.ping, mark))))
  for (const mark of marks) expect((await client.next()).payload.toString()).toBe(mark)
})
