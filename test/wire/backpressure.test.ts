import { concat, firstValueFrom, from, NEVER } from 'rxjs'
import { expect, test } from 'vitest'
import type { Connection } from 'rivulet'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

const chunk = Buffer.alloc(64 * 1024, 'rivulet')

/** Sends to a client that does not read, until it backs up. */
async function backUp(connection: Connection): Promise<void> {
  while (connection.flow.state !== 'backed up') {
    connection.send(chunk)
    await new Promise(setImmediate)
  }
}

test('a client that does not read is closed with 1013 when more waits than the bounds allow', async () => {
  const { port, server } = await serving({ outbox: { messages: 5 }, timeouts: { close: 100 } })
  const opened = nextOf(server)
  const client = await RawClient.upgraded(port)
  client.tcp.pause()
  const connection = await opened
  await backUp(connection)
  for (let each = 0; each < 10; each++) connection.send('too much')
  expect(await firstValueFrom(connection.closed)).toMatchObject({
    code: 1006,
    by: 'local',
    sent: 1013,
    cause: { code: 'ERR_OVERFLOW' },
  })
  expect(connection.flow.snapshot()).toMatchObject({ queued: 0, queuedBytes: 0 })
})

test('a client that stalls is closed after timeouts.stall, 1013 sent and 1006 seen', async () => {
  const { port, server } = await serving({ timeouts: { stall: 200, close: 100 } })
  const opened = nextOf(server)
  const client = await RawClient.upgraded(port)
  client.tcp.pause()
  const connection = await opened
  const began = performance.now()
  await backUp(connection)
  expect(await firstValueFrom(connection.closed)).toMatchObject({
    code: 1006,
    by: 'local',
    sent: 1013,
    cause: { code: 'ERR_TIMEOUT', timeout: 'stall' },
  })
  expect(performance.now() - began).toBeGreaterThan(290)
})

test('a client that stalls is terminated by the next stall when timeouts.close is off', async () => {
  const { port, server } = await serving({ timeouts: { stall: 100, close: false } })
  const opened = nextOf(server)
  const client = await RawClient.upgraded(port)
  client.tcp.pause()
  const connection = await opened
  await backUp(connection)
  expect(await firstValueFrom(connection.closed)).toMatchObject({ code: 1006, sent: 1013 })
})

test('a history of ten times the bound reaches a healthy client, as far as its kernel takes it', async () => {
  const history = Array.from({ length: 160 }, (_, each) => {
    const message = Buffer.from(chunk.subarray(0, 4_096))
    message.writeUInt32BE(each)
    return message
  })
  const { url, server } = await serving({ outbox: { bytes: 64 * 1024 } }, () =>
    concat(from(history), NEVER),
  )
  const opened = nextOf(server)
  const client = await openClient(url)
  const connection = await opened
  for (let each = 0; each < 160; each++) {
    expect(((await client.next()) as Buffer).readUInt32BE()).toBe(each)
  }
  expect(connection.state).toBe('open')
  expect(connection.flow.snapshot()).toMatchObject({ sent: 160, queued: 0, dropped: 0 })
})

test('an echo to a client that does not read is bounded, and whole when it reads on', async () => {
  const { port, server } = await serving({}, ({ messages }) => messages)
  const opened = nextOf(server)
  const { url } = { url: `ws://127.0.0.1:${port}` }
  const client = await openClient(url)
  const connection = await opened
  client.ws.pause()
  const count = 400
  for (let each = 0; each < count; each++) {
    const message = Buffer.from(chunk)
    message.writeUInt32BE(each)
    client.ws.send(message)
  }
  let before = -1
  for (let still = 0; still < 50; still = client.ws.bufferedAmount === before ? still + 1 : 0) {
    before = client.ws.bufferedAmount
    await new Promise(setImmediate)
  }
  expect(connection.flow.state).toBe('backed up')
  expect(connection.flow.queuedBytes).toBeLessThan(1024 * 1024)
  client.ws.resume()
  for (let each = 0; each < count; each++) {
    expect(((await client.next()) as Buffer).readUInt32BE()).toBe(each)
  }
  expect(connection.flow.dropped).toBe(0)
})
