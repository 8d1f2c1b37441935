import { describe, expect, test } from 'vitest'
import type { Connection, Message } from 'rivulet'
import { payloads, stepped, type Stepped } from './stepped.js'

const kilobyte = (mark: string | number) => `${mark}`.padEnd(1_000, '.')

const closeOf = (connection: Connection) => {
  const closes: unknown[] = []
  connection.closed.subscribe(close => closes.push(close))
  expect(closes).toHaveLength(1)
  return closes[0]
}

/** Reads one, and says how many were taken: a loop that goes on when it is told to. */
const iterate = (connection: Connection) =>
  connection[Symbol.asyncIterator]() as AsyncIterableIterator<Message, undefined>

/** Sends numbered messages, and counts those that this end's socket has read. */
function sending({ far, near }: Stepped<Message, Message>, count: number) {
  const seen = { read: 0 }
  near.addListener('message', () => seen.read++)
  for (let each = 0; each < count; each++) far.send(kilobyte(each))
  return seen
}

// 100 messages of a kilobyte a second
const wire = { bandwidth: 100_400 }

describe('a for await loop on a socket that can not be paused', () => {
  const unpaused = async (options: object) => {
    const all = await stepped(undefined, options)
    Object.defineProperty(all.near, 'pause', { value: undefined })
    return all
  }

  test('closes with 1013 when more waits than inbox.bytes', async () => {
    const all = await unpaused({ inbox: { bytes: 10_000 } })
    iterate(all.connection)
    sending(all, 9)
    await all.until(10)
    expect(all.connection.flow.state).toBe('flowing')
    expect(all.connection.state).toBe('open')
    sending(all, 1)
    await all.until(1_000)
    expect(closeOf(all.connection)).toMatchObject({
      code: 1013,
      by: 'local',
      cause: {
        code: 'ERR_OVERFLOW',
        message:
          'The inbox holds 10 messages of 10000 bytes; its bounds are 10000 messages and 10000 bytes',
      },
    })
  })

  test('closes with 1013 when more than 10,000 messages wait, of however few bytes', async () => {
    const all = await unpaused({})
    iterate(all.connection)
    for (let each = 0; each < 9_999; each++) all.far.send('')
    await all.until(10)
    expect(all.connection.state).toBe('open')
    all.far.send('')
    await all.until(1_000)
    expect(closeOf(all.connection)).toMatchObject({ code: 1013 })
  })

  test('takes any amount that is read as it comes', async () => {
    const all = await unpaused({ inbox: { bytes: 10_000 } })
    const loop = iterate(all.connection)
    for (let each = 0; each < 100; each++) {
      const next = loop.next()
      sending(all, 1)
      await all.until(each)
      expect((await next).done).toBe(false)
    }
    expect(all.connection.state).toBe('open')
    all.connection.close()
    await all.until(10_000)
  })

  test('is not said to be paused by a full outbox either', async () => {
    const all = await unpaused({ inbox: { pausesWhenBackedUp: true } })
    all.stall()
    for (let each = 0; each < 100; each++) all.connection.send(kilobyte(each))
    await all.until(10)
    expect(all.connection.flow.state).toBe('backed up')
    all.resume()
    all.connection.close()
    await all.until(10_000)
  })
})

describe('a for await loop', () => {
  test('pauses the socket at inbox.bytes, and reads on at half of it', async () => {
    const all = await stepped(undefined, { wire, inbox: { bytes: 10_000 } })
    const loop = iterate(all.connection)
    const seen = sending(all, 1_000)
    await all.until(5_000)
    expect(all.connection.flow.state).toBe('paused')
    // ten that are held, and one that was under way
    expect(seen.read).toBe(10)
    for (let each = 0; each < 4; each++) await loop.next()
    await all.until(6_000)
    expect(all.connection.flow.state).toBe('paused')
    expect(seen.read).toBe(10)
    await loop.next()
    expect(all.connection.flow.state).toBe('flowing')
    await all.until(10_000)
    expect(all.connection.flow.state).toBe('paused')
    expect(seen.read).toBe(15)
    all.connection.close()
    await all.until(20_000)
  })

  test('absorbs what comes in the chunk in which it pauses', async () => {
    const all = await stepped(undefined, { inbox: { bytes: 1 } })
    const loop = iterate(all.connection)
    const seen = sending(all, 200)
    await all.until(10)
    expect(all.connection.flow.state).toBe('paused')
    expect(seen.read).toBeGreaterThan(50)
    expect(seen.read).toBeLessThan(80)
    const got: unknown[] = []
    for (let each = 0; each < 200; each++) {
      got.push((await loop.next()).value)
      await all.until(11 + each)
    }
    expect(got).toEqual(Array.from({ length: 200 }, (_, each) => kilobyte(each)))
    all.connection.close()
    await all.until(1_000)
  })

  test('has messages without bytes bounded as well', async () => {
    const all = await stepped()
    iterate(all.connection)
    // past the wire, which would be slow with so many
    const near = all.near as unknown as { tell(event: 'message', message: string): void }
    for (let each = 1; each < 10_000; each++) near.tell('message', '')
    expect(all.connection.flow.state).toBe('flowing')
    near.tell('message', '')
    expect(all.connection.flow.state).toBe('paused')
    all.connection.close()
    await all.until(1_000)
  })

  test('counts bytes as they came, not what they were decoded to', async () => {
    const all = await stepped(undefined, {
      inbox: { bytes: 4 },
      codec: { decode: () => 'decoded to something long', encode: (value: string) => value },
    })
    all.connection[Symbol.asyncIterator]()
    all.far.send('€')
    await all.until(10)
    expect(all.connection.flow.state).toBe('flowing')
    all.far.send('x')
    await all.until(20)
    expect(all.connection.flow.state).toBe('paused')
    all.connection.close()
    await all.until(1_000)
  })

  test('does not pause while it waits for messages itself', async () => {
    const all = await stepped(undefined, { inbox: { bytes: 1 } })
    const loop = iterate(all.connection)
    const next = [loop.next(), loop.next()]
    all.far.send('a')
    all.far.send('b')
    await all.until(10)
    expect(all.connection.flow.state).toBe('flowing')
    expect((await Promise.all(next)).map(({ value }) => value as string)).toEqual(['a', 'b'])
    all.connection.close()
    await all.until(1_000)
  })

  test('sees what subscribers see, from where it begins', async () => {
    const all = await stepped()
    const seen: unknown[] = []
    all.connection.messages.subscribe(message => seen.push(message))
    all.far.send('a')
    await all.until(10)
    const loop = iterate(all.connection)
    all.far.send('b')
    await all.until(20)
    expect((await loop.next()).value).toBe('b')
    expect(seen).toEqual(['a', 'b'])
    all.connection.close()
    await all.until(1_000)
  })
})

describe('leaving a loop', () => {
  test('by break closes with 1000, and reads on to see the answer', async () => {
    const all = await stepped(undefined, { wire, inbox: { bytes: 2_000 } })
    const loop = (async () => {
      for await (const message of all.connection) return message
      return undefined
    })()
    sending(all, 100)
    await all.until(3_000)
    expect(await loop).toBe(kilobyte(0))
    await all.until(4_000)
    expect(payloads(all.arrived)).toEqual([{ close: 1000, reason: '' }])
    expect(closeOf(all.connection)).toMatchObject({ code: 1000, by: 'local', wasClean: true })
  })

  test('by a throw in the generator that is the writer closes with 1011', async () => {
    const failure = new Error('no such query')
    const all = await stepped(async function* (connection) {
      for await (const message of connection) {
        if (message === 'bad') throw failure
        yield message
      }
    })
    all.far.send('good')
    all.far.send('bad')
    await all.until(10)
    expect(payloads(all.arrived).slice(1)).toEqual([{ close: 1011, reason: 'internal error' }])
    expect(closeOf(all.connection)).toMatchObject({
      code: 1011,
      cause: { where: 'writer', cause: failure },
    })
  })

  test('by a return of the generator that is the writer closes with 1000', async () => {
    const all = await stepped(async function* (connection) {
      for await (const message of connection) {
        yield message
        return
      }
    })
    all.far.send('a')
    await all.until(10)
    expect(payloads(all.arrived)).toEqual([{ text: 'a' }, { close: 1000, reason: '' }])
  })

  test('releases the socket for subscribers that stay', async () => {
    const all = await stepped(undefined, { inbox: { bytes: 1 } })
    const loop = iterate(all.connection)
    all.far.send('a')
    await all.until(10)
    expect(all.connection.flow.state).toBe('paused')
    await loop.return?.()
    expect(all.connection.flow.state).toBe('flowing')
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    await all.until(20)
    expect(closeOf(all.connection)).toMatchObject({ code: 1000 })
  })
})

describe('the end of the connection', () => {
  test.each<[string, (all: Stepped<Message, Message>) => void]>([
    ['the peer closes', ({ far }) => far.close(4000)],
    ['this side closes', ({ connection }) => connection.close(4000)],
    ['the connection is lost', ({ near }) => near.reset()],
  ])('comes behind what was received when %s', async (_, leave) => {
    const all = await stepped()
    const loop = iterate(all.connection)
    all.far.send('a')
    all.far.send('b')
    await all.until(10)
    leave(all)
    await all.until(1_000)
    expect(all.connection.state).toBe('closed')
    expect(await loop.next()).toEqual({ done: false, value: 'a' })
    expect(await loop.next()).toEqual({ done: false, value: 'b' })
    expect(await loop.next()).toEqual({ done: true, value: undefined })
  })

  test('is held up by a peer that closes behind messages nobody takes, until they are taken', async () => {
    const all = await stepped(undefined, { inbox: { bytes: 1_000 }, wire })
    const loop = iterate(all.connection)
    all.far.send(kilobyte(0))
    all.far.send(kilobyte(1))
    all.far.close(4000)
    await all.until(4_000)
    expect(all.connection.state).toBe('open')
    const got: unknown[] = []
    for (;;) {
      const pull = loop.next()
      await all.until(all.now + 100)
      const { done, value } = await pull
      if (done) break
      got.push(value)
    }
    expect(got).toEqual([kilobyte(0), kilobyte(1)])
    expect(closeOf(all.connection)).toMatchObject({ code: 4000, by: 'peer' })
  })

  test('ends a loop that waits, and one that begins afterwards', async () => {
    const all = await stepped()
    const waiting = iterate(all.connection).next()
    all.connection.close()
    await all.until(1_000)
    expect(await waiting).toEqual({ done: true, value: undefined })
    for (let each = 0; each < 2; each++) {
      for await (const message of all.connection) throw new Error(message as string)
    }
  })
})

test('a second loop at the same time throws, and harms neither', async () => {
  const all = await stepped()
  const loop = iterate(all.connection)
  expect(() => iterate(all.connection)).toThrow('This connection is being iterated already')
  all.far.send('a')
  await all.until(10)
  expect((await loop.next()).value).toBe('a')
  all.connection.close()
  await all.until(1_000)
})
