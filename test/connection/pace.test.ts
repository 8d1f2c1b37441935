import { describe, expect, test } from 'vitest'
import type { Connection } from 'rivulet'
import { ApplicationError } from 'rivulet'
import { payloads, stepped, text } from './stepped.js'

// more than the socket takes at once
const plug = 'x'.repeat(70_000)

/** An AsyncIterable with an iterator of one's own. */
const iterable = (iterator: Partial<AsyncIterator<string>>) => ({
  [Symbol.asyncIterator]: () => iterator as AsyncIterator<string>,
})

const value = (value: string) => Promise.resolve({ done: false as const, value })
const pending = () => new Promise<never>(() => undefined)

const closeOf = (connection: Connection) => {
  const closes: unknown[] = []
  connection.closed.subscribe(close => closes.push(close))
  expect(closes).toHaveLength(1)
  return closes[0]
}

describe('an async generator', () => {
  test('is pulled only as the socket drains', async () => {
    let pulls = 0
    const { connection, until, stall, resume, arrived } = await stepped(
      async function* () {
        await Promise.resolve()
        for (; pulls < 10; pulls++) yield plug
        await pending()
      },
      { wire: { bandwidth: 70_010 } },
    )
    stall()
    await until(20_000)
    // one is under way when the peer stalls, one waits in the socket
    expect(pulls).toBe(1)
    expect(connection.flow).toMatchObject({ state: 'backed up', queued: 0, queuedBytes: 0 })
    resume()
    await until(25_500)
    expect(pulls).toBeGreaterThan(4)
    expect(pulls).toBeLessThan(8)
    await until(40_000)
    expect(payloads(arrived)).toEqual(Array.from({ length: 10 }, () => text(plug)))
    expect(connection.flow).toMatchObject({ state: 'flowing', sent: 10, dropped: 0 })
  })

  test('has small messages pulled until the socket is full, and none beyond', async () => {
    let pulls = 0
    let begin!: () => void
    const stalled = new Promise<void>(resolve => (begin = resolve))
    const { connection, until, stall } = await stepped(async function* () {
      await stalled
      for (; ; pulls++) yield 'y'.repeat(996)
    })
    stall()
    begin()
    await until(1_000)
    // frames of 1,000 bytes up to 64 KiB
    expect(pulls).toBe(65)
    expect(connection.flow.queued).toBe(0)
    expect(connection.flow.state).toBe('backed up')
  })

  test('is pulled behind what others send', async () => {
    const { connection, until, stall, resume, arrived } = await stepped(async function* () {
      await Promise.resolve()
      yield 'first'
      yield plug
      yield 'last'
      await pending()
    })
    expect(arrived).toHaveLength(3)
    stall()
    connection.send(plug)
    connection.send('between')
    await until(10)
    expect(connection.flow.queued).toBe(1)
    resume()
    await until(20)
    expect(payloads(arrived).slice(-2)).toEqual([text(plug), text('between')])
  })

  test('closes with 1000 when it returns, behind everything', async () => {
    const { connection, until, stall, resume, arrived } = await stepped(async function* () {
      await Promise.resolve()
      yield 'a'
      yield plug
      yield 'b'
    })
    stall()
    await until(1)
    expect(payloads(arrived)).toEqual([
      text('a'),
      text(plug),
      text('b'),
      { close: 1000, reason: '' },
    ])
    expect(closeOf(connection)).toMatchObject({ code: 1000, by: 'local', wasClean: true })
    resume()
  })

  test('closes with 1000 only when what waits has gone', async () => {
    const { connection, until, near, far, arrived } = await stepped(
      async function* () {
        await Promise.resolve()
        yield plug
        yield 'b'
      },
      { wire: { bandwidth: 70_010 } },
    )
    await until(900)
    expect(connection.state).toBe('open')
    expect([near.refused, far.refused]).toEqual([0, 0])
    await until(2_000)
    expect(payloads(arrived)).toEqual([text(plug), text('b'), { close: 1000, reason: '' }])
  })

  test('closes with 1011 when it throws', async () => {
    const failure = new Error('no rows')
    const { connection, until, arrived } = await stepped(async function* () {
      yield 'a'
      await Promise.reject(failure)
    })
    await until(1)
    expect(payloads(arrived)).toEqual([text('a'), { close: 1011, reason: 'internal error' }])
    expect(closeOf(connection)).toMatchObject({
      code: 1011,
      cause: new ApplicationError('writer', failure),
    })
  })
})

describe('leaving open', () => {
  const waysOut: [string, (s: Awaited<ReturnType<typeof stepped>>) => void, number][] = [
    ['this side closes', ({ connection }) => connection.close(), 1],
    // what is under way to it comes before our answer: until ws's own deadline, 5 s
    ['the peer closes', ({ far }) => far.close(4000), 5_010],
    ['the connection is lost', ({ near }) => near.reset(), 1],
  ]

  test.each(waysOut)('runs finally at a yield when %s', async (_, leave, later) => {
    let cleaned = 0
    const all = await stepped(
      async function* () {
        try {
          await Promise.resolve()
          for (;;) yield plug
        } finally {
          cleaned++
        }
      },
      { wire: { bandwidth: 1_000 }, inbox: { pausesWhenBackedUp: false } },
    )
    await all.until(10)
    expect(cleaned).toBe(0)
    leave(all)
    await all.until(10 + later)
    expect(cleaned).toBe(1)
    await all.until(100_000)
    expect(cleaned).toBe(1)
    expect(all.connection.state).toBe('closed')
  })

  test.each(waysOut)('calls return() while a pull is pending when %s', async (_, leave, later) => {
    let returned = 0
    const all = await stepped(() =>
      iterable({
        next: pending,
        return: () => {
          returned++
          return Promise.resolve({ done: true, value: undefined })
        },
      }),
    )
    expect(returned).toBe(0)
    leave(all)
    await all.until(later)
    expect(returned).toBe(1)
    await all.until(10_000)
    expect(returned).toBe(1)
  })

  test('is not waiting for the answer of the peer', async () => {
    let returned = false
    const { connection, far, until } = await stepped(() =>
      iterable({ next: pending, return: () => ((returned = true), pending()) }),
    )
    far.answers = false
    connection.close()
    expect(connection.state).toBe('closing')
    expect(returned).toBe(true)
    await until(10_000)
  })

  test('drops what a pending pull still brings', async () => {
    let bring!: (result: IteratorResult<string>) => void
    const { connection, until, arrived } = await stepped(() =>
      iterable({ next: () => new Promise<IteratorResult<string>>(resolve => (bring = resolve)) }),
    )
    connection.close()
    bring({ done: false, value: 'too late' })
    await until(10)
    expect(payloads(arrived)).toEqual([{ close: 1000, reason: '' }])
    expect(connection.flow).toMatchObject({ sent: 0, refused: 0, dropped: 0 })
  })

  test('is without return() no error', async () => {
    const { connection, until } = await stepped(() => iterable({ next: pending }))
    connection.close()
    await until(10)
    expect(closeOf(connection)).not.toHaveProperty('cause')
  })

  test.each<[string, () => Promise<never>]>([
    ['rejects', () => Promise.reject(new Error('stuck'))],
    [
      'throws',
      () => {
        throw new Error('stuck')
      },
    ],
  ])('tells in the cause that return() %s, and ends all the same', async (_, giveBack) => {
    const { connection, until } = await stepped(() => iterable({ next: pending, return: giveBack }))
    connection.close(4000)
    await until(10)
    expect(closeOf(connection)).toMatchObject({
      code: 4000,
      cause: new ApplicationError('writer', new Error('stuck')),
    })
  })

  test('calls return() at once for a source that closes the connection while it starts', async () => {
    let returned = false
    const { connection, until } = await stepped(
      ({ close }) =>
        iterable({
          next() {
            close()
            return pending()
          },
          return: () => ((returned = true), pending()),
        }),
      { wire: { latency: 1_000 } },
    )
    expect(connection.state).toBe('closing')
    expect(returned).toBe(true)
    await until(10_000)
  })
})

describe('a source that misbehaves closes with 1011', () => {
  const failure = new Error('broken')
  const fail = () => {
    throw failure
  }
  test.each<[string, () => AsyncIterable<string>, Error | string]>([
    ['throws when it is asked for its iterator', () => ({ [Symbol.asyncIterator]: fail }), failure],
    ['has no iterator', () => ({ [Symbol.asyncIterator]: () => undefined as never }), 'TypeError'],
    ['throws in next()', () => iterable({ next: fail }), failure],
    ['rejects in next()', () => iterable({ next: () => Promise.reject(failure) }), failure],
    [
      'returns no promise from next()',
      () => iterable({ next: () => ({ done: true }) as never }),
      'TypeError',
    ],
    [
      'resolves next() with no result',
      () => iterable({ next: () => Promise.resolve(undefined as never) }),
      'TypeError',
    ],
    [
      'has a result whose value throws',
      () =>
        iterable({
          next: () => Promise.resolve(Object.defineProperty({}, 'value', { get: fail }) as never),
        }),
      failure,
    ],
  ])('when it %s', async (_, source, cause) => {
    const { connection, until, arrived } = await stepped(() => source())
    await until(10)
    expect(payloads(arrived)).toEqual([{ close: 1011, reason: 'internal error' }])
    expect(closeOf(connection)).toMatchObject({
      code: 1011,
      by: 'local',
      cause: { code: 'ERR_APPLICATION', where: 'writer' },
    })
    const { cause: why } = (closeOf(connection) as { cause: ApplicationError }).cause as {
      cause: Error
    }
    if (typeof cause === 'string') expect(why.name).toBe(cause)
    else expect(why).toBe(cause)
  })

  test('when a later next() rejects, behind what it gave before', async () => {
    let count = 0
    const { connection, until, arrived } = await stepped(() =>
      iterable({ next: () => (count++ === 0 ? value('a') : Promise.reject(failure)) }),
    )
    await until(10)
    expect(payloads(arrived)[0]).toEqual(text('a'))
    expect(closeOf(connection)).toMatchObject({ code: 1011 })
  })
})
