import { firstValueFrom } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { Connection } from 'rivulet'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

const chunk = Buffer.alloc(64 * 1024, 'rivulet')

const backedUp = ({ flow }: Connection) =>
  new Promise<void>(resolve =>
    flow.changes.subscribe(({ state }) => {
      if (state === 'backed up') resolve()
    }),
  )

describe('an async generator', () => {
  test('is pulled a few chunks ahead of a peer that does not read, and no further', async () => {
    let pulls = 0
    let cleaned!: () => void
    const cleanup = new Promise<void>(resolve => (cleaned = resolve))
    const { port, server } = await serving({}, async function* () {
      try {
        await Promise.resolve()
        for (; ; pulls++) yield chunk
      } finally {
        cleaned()
      }
    })
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    client.tcp.pause()
    const connection = await opened
    await backedUp(connection)
    // the kernel's buffers may grow yet: the generator is where it was when they have not
    let before = -1
    for (let still = 0; still < 50; still = pulls === before ? still + 1 : 0) {
      before = pulls
      await new Promise(setImmediate)
    }
    // what the kernel holds for both ends, on loopback: a few MB
    expect(pulls).toBeLessThan(400)
    expect(connection.flow.queued).toBe(0)
    connection.close(1013)
    await cleanup
    client.tcp.destroy()
    await firstValueFrom(connection.closed)
  })

  test('sends every byte to a peer that reads with pauses, and closes with 1000', async () => {
    const { url } = await serving({}, async function* () {
      for (let each = 0; each < 300; each++) {
        await Promise.resolve()
        chunk.writeUInt32BE(each)
        yield Buffer.from(chunk)
      }
    })
    const client = await openClient(url)
    for (let each = 0; each < 300; each++) {
      if (each % 30 === 0) {
        client.ws.pause()
        await new Promise(setImmediate)
        client.ws.resume()
      }
      const got = (await client.next()) as Buffer
      expect(got.length).toBe(chunk.length)
      expect(got.readUInt32BE()).toBe(each)
    }
    expect(await client.closed).toEqual({ code: 1000, reason: '' })
  })

  test('runs finally when the peer is gone, also while a pull is pending', async () => {
    let returned!: () => void
    const giveBack = new Promise<void>(resolve => (returned = resolve))
    const { port, server } = await serving({}, () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => (returned(), Promise.resolve({ done: true as const, value: undefined })),
      }),
    }))
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    await opened
    client.tcp.resetAndDestroy()
    await giveBack
  })
})

describe('for await', () => {
  test('loses and reorders none of 10,000 messages, with a slow consumer', async () => {
    const count = 10_000
    const paused = { times: 0 }
    const got: number[] = []
    let finish!: () => void
    const finished = new Promise<void>(resolve => (finish = resolve))
    const { url } = await serving({ inbox: { bytes: 16 * 1024 } }, connection => {
      connection.flow.changes.subscribe(({ state }) => {
        if (state === 'paused') paused.times++
      })
      void (async () => {
        for await (const message of connection) {
          if (got.push(Number((message as string).slice(0, 8))) % 100 === 0) {
            await new Promise(setImmediate)
          }
        }
        finish()
      })()
    })
    const client = await openClient(url)
    for (let each = 0; each < count; each++) client.ws.send(`${each}`.padEnd(200))
    // the Close frame is behind them all, and what was received before it is still delivered
    client.ws.close(4000)
    await finished
    expect(got).toEqual(Array.from({ length: count }, (_, each) => each))
    expect(paused.times).toBeGreaterThan(1)
    expect(await client.closed).toMatchObject({ code: 4000 })
  })

  test('leaves a peer that floods to wait, while nothing is taken', async () => {
    let connection!: Connection
    const { url } = await serving({ inbox: { bytes: 64 * 1024 } }, each => {
      connection = each
      each[Symbol.asyncIterator]()
    })
    const client = await openClient(url)
    for (let each = 0; each < 400; each++) client.ws.send(chunk)
    let before = -1
    for (let still = 0; still < 50; still = client.ws.bufferedAmount === before ? still + 1 : 0) {
      before = client.ws.bufferedAmount
      await new Promise(setImmediate)
    }
    expect(connection.flow.state).toBe('paused')
    expect(client.ws.bufferedAmount).toBeGreaterThan(400 * chunk.length * 0.5)
    connection.close(4001)
    // what was not taken is read and thrown away, so that the closing handshake gets through
    expect((await firstValueFrom(connection.closed)).sent).toBe(4001)
  })

  test('by break closes with 1000', async () => {
    const { url } = await serving({}, connection => {
      void (async () => {
        for await (const message of connection) if (message === 'b') break
      })()
    })
    const client = await openClient(url)
    client.ws.send('a')
    client.ws.send('b')
    expect(await client.closed).toEqual({ code: 1000, reason: '' })
  })

  test('of a generator that throws closes with 1011', async () => {
    const { url } = await serving({}, async function* (connection) {
      for await (const message of connection) {
        yield message
        throw new Error('secret')
      }
    })
    const client = await openClient(url)
    client.ws.send('a')
    expect(await client.next()).toBe('a')
    expect(await client.closed).toEqual({ code: 1011, reason: 'internal error' })
  })
})
