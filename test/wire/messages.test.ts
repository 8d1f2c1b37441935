import { describe, expect, test } from 'vitest'
import { binary, type Message, text } from 'rivulet'
import { opcodes, encodeFrame } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

function deferred<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>(settle => (resolve = settle))
  return { promise, resolve }
}

describe('messages', () => {
  test('brings text as a string and binary as a Uint8Array, in order', async () => {
    const all = deferred<Message[]>()
    const { url } = await serving({}, ({ messages }) => {
      const got: Message[] = []
      messages.subscribe(message => {
        got.push(message)
        if (got.length === 4) all.resolve(got)
      })
    })
    const { ws } = await openClient(url)
    ws.send('grüße 🌊')
    ws.send(new Uint8Array([0, 255, 7]))
    ws.send('')
    ws.send(new Uint8Array())
    const [first, second, third, fourth] = await all.promise
    expect(first).toBe('grüße 🌊')
    expect(second).toBeInstanceOf(Uint8Array)
    expect([...(second as Uint8Array)]).toEqual([0, 255, 7])
    expect(third).toBe('')
    expect(fourth).toBeInstanceOf(Uint8Array)
    expect(fourth).toHaveLength(0)
  })

  test('is shared: each subscriber sees each message', async () => {
    const { url, server } = await serving()
    const opened = nextOf(server)
    const { ws } = await openClient(url)
    const connection = await opened
    const seen: string[] = []
    connection.messages.subscribe(message => seen.push(`a ${message as string}`))
    const both = new Promise<void>(resolve =>
      connection.messages.subscribe(message => {
        seen.push(`b ${message as string}`)
        resolve()
      }),
    )
    ws.send('one')
    await both
    expect(seen).toEqual(['a one', 'b one'])
  })

  test('misses no message that came with the request itself', async () => {
    const { port } = await serving({}, ({ messages }) => messages)
    const client = await RawClient.connect(port)
    client.write(Buffer.concat([Buffer.from(upgradeRequest()), encodeFrame(opcodes.text, 'early')]))
    expect((await client.answer()).status).toBe(101)
    expect((await client.next()).payload.toString()).toBe('early')
  })

  test('joins a fragmented message', async () => {
    const { port } = await serving({}, ({ messages }) => messages)
    const client = await RawClient.upgraded(port)
    const [head, tail] = [encodeFrame(opcodes.text, 'riv'), encodeFrame(0, 'ulet')]
    head[0]! &= 0x7f
    client.write(head)
    client.write(tail)
    expect((await client.next()).payload.toString()).toBe('rivulet')
  })
})

describe('read', () => {
  test('brings text and binary', async () => {
    const all = deferred<Message[]>()
    const { url } = await serving({}, ({ read }) => {
      const got: Message[] = []
      read(message => {
        if (got.push(message) === 2) all.resolve(got)
      })
    })
    const { ws } = await openClient(url)
    ws.send('one')
    ws.send(Uint8Array.of(2))
    const [first, second] = await all.promise
    expect(first).toBe('one')
    expect(second).toBeInstanceOf(Uint8Array)
  })
})

describe('an echo', () => {
  test('of messages returns text as text and binary as binary', async () => {
    const { url } = await serving({}, ({ messages }) => messages)
    const client = await openClient(url)
    client.ws.send('text')
    client.ws.send(Uint8Array.of(1, 2, 3))
    expect(await client.next()).toBe('text')
    expect(await client.next()).toEqual(Buffer.of(1, 2, 3))
  })

  test('of 256 KiB returns every byte', async () => {
    const { url } = await serving({}, ({ messages }) => messages)
    const client = await openClient(url)
    const sent = Buffer.alloc(256 * 1024, 'rivulet')
    client.ws.send(sent)
    expect(sent.equals((await client.next()) as Buffer)).toBe(true)
  })

  test('by an async generator returns message by message', async () => {
    const { url } = await serving({ codec: text }, async function* (connection) {
      for await (const message of connection) yield message.toUpperCase()
    })
    const client = await openClient(url)
    for (const word of ['one', 'two', 'three']) client.ws.send(word)
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      'ONE',
      'TWO',
      'THREE',
    ])
  })

  test('by an async generator closes with 1000 when the loop is left', async () => {
    const { url } = await serving({ codec: text }, async function* (connection) {
      for await (const message of connection) {
        yield message
        break
      }
    })
    const client = await openClient(url)
    client.ws.send('only')
    expect(await client.next()).toBe('only')
    expect(await client.closed).toMatchObject({ code: 1000 })
  })
})

describe('a codec', () => {
  test('of text closes with 1003 at a binary message', async () => {
    const { url, server } = await serving({ codec: text }, ({ messages }) => messages)
    const opened = nextOf(server)
    const client = await openClient(url)
    const connection = await opened
    client.ws.send('fine')
    expect(await client.next()).toBe('fine')
    const ended = new Promise(resolve => connection.closed.subscribe(resolve))
    client.ws.send(Uint8Array.of(1))
    expect(await client.closed).toEqual({ code: 1003, reason: 'unsupported data' })
    expect(await ended).toMatchObject({
      code: 1003,
      by: 'local',
      sent: 1003,
      wasClean: true,
      cause: { code: 'ERR_CODEC', closeCode: 1003 },
    })
  })

  test('of binary closes with 1003 at a text message', async () => {
    const { url } = await serving({ codec: binary }, ({ messages }) => messages)
    const client = await openClient(url)
    client.ws.send(Uint8Array.of(9))
    expect(await client.next()).toEqual(Buffer.of(9))
    client.ws.send('text')
    expect(await client.closed).toMatchObject({ code: 1003 })
  })

  test('leaves what nobody reads undecoded', async () => {
    const { url, server } = await serving({ codec: text })
    const opened = nextOf(server)
    const client = await openClient(url)
    const connection = await opened
    client.ws.send(Uint8Array.of(1))
    client.ws.ping()
    await new Promise(resolve => client.ws.once('pong', resolve))
    expect(connection.state).toBe('open')
  })
})
