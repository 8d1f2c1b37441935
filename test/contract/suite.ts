/** The suite that every socket passes: what a connection may rely on. */

import { afterEach, describe, expect, test } from 'vitest'
import { codeInBrowsers } from '../../src/close.js'
import type { Message, Socket, SocketClose } from '../../src/socket.js'
import { type Ability, closeTimeout, type Pair, type Subject } from './subjects.js'

type Log = (string | Message | SocketClose | { error: string })[]

/** What a socket tells, in order; an error by its code. */
function watch(socket: Socket): Log {
  const log: Log = []
  socket.addListener('open', () => log.push('open'))
  socket.addListener('message', message => log.push(message))
  socket.addListener('drain', () => log.push('drain'))
  socket.addListener('error', error =>
    log.push({ error: (error as Error & { code: string }).code }),
  )
  socket.addListener('close', close => log.push(close))
  return log
}

const told = (socket: Socket, event: 'close' | 'drain') =>
  new Promise<unknown>(resolve => {
    const once = (value: unknown) => {
      socket.removeListener(event, once)
      resolve(value)
    }
    socket.addListener(event, once)
  })

/** Long enough for whatever is on its way on loopback to arrive. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** Resolves with the message that makes it so many. */
const arrived = (socket: Socket, count: number) =>
  new Promise<void>(resolve => {
    socket.addListener('message', () => {
      if (--count === 0) resolve()
    })
  })

// a counter of a socket in a browser takes its way here
const patience = { timeout: 15_000 }

/** Registers the suite for each of the subjects; what one can't do is left out for it. */
export function contract(subjects: readonly Subject[]): void {
  let pair: Pair

  afterEach(() => pair.end())

  describe.each(subjects)('$name', ({ name, pair: make, lacks = [] }) => {
    const can = (ability: Ability) => !lacks.includes(ability)

    async function connected(): Promise<{ near: Socket; far: Socket; log: Log }> {
      pair = await make()
      const { near } = pair
      const log = watch(near)
      await pair.open()
      return { near, far: pair.far, log }
    }

    test('tells open once, then messages in order, as what they were', async () => {
      const { near, far, log } = await connected()
      const all = arrived(near, 3)
      far.send('one')
      far.send(new Uint8Array([1, 2, 255]))
      far.send('')
      await all
      expect(log.map(each => (each instanceof Uint8Array ? [...each] : each))).toEqual([
        'open',
        'one',
        [1, 2, 255],
        '',
      ])
    })

    test('a message that is sent in fragments arrives whole', async () => {
      const { near, far, log } = await connected()
      const all = arrived(near, 2)
      far.sendFragment?.(new Uint8Array([1, 2]), false)
      far.sendFragment?.(new Uint8Array([3]), false)
      far.sendFragment?.(new Uint8Array(), true)
      far.send('behind')
      await all
      expect(log.map(each => (each instanceof Uint8Array ? [...each] : each))).toEqual([
        'open',
        [1, 2, 3],
        'behind',
      ])
    })

    test('messagesRead counts messages, and neither fragments nor control frames', async () => {
      const { near, far } = await connected()
      const all = arrived(near, 3)
      far.send('one')
      far.ping?.()
      far.sendFragment?.(new Uint8Array([1]), false)
      far.sendFragment?.(new Uint8Array([2]), true)
      far.send('three')
      await all
      expect(near.messagesRead).toBe(3)
      expect(far.messagesRead).toBe(0)
    })

    test('messagesRead counts also what nobody listens to', async () => {
      pair = await make()
      await pair.open()
      pair.far.send('one')
      pair.far.send('two')
      await expect.poll(() => pair.near.messagesRead, patience).toBe(2)
    })

    test('close: the code goes out, the answer comes back, close is last', async () => {
      const { near, far, log } = await connected()
      const farLog = watch(far)
      const both = Promise.all([told(near, 'close'), told(far, 'close')])
      near.send('last')
      near.close(4001, 'enough')
      await both
      expect(log).toEqual(['open', { code: 4001, reason: 'enough', sent: 4001, received: 4001 }])
      expect(farLog.filter(each => each !== 'open')).toEqual([
        'last',
        { code: 4001, reason: 'enough', sent: 4001, received: 4001, answered: true },
      ])
    })

    test("the peer's close is answered with its own code", async () => {
      const { near, far, log } = await connected()
      const closed = told(near, 'close')
      far.close(4002, 'bye')
      await closed
      expect(log).toEqual([
        'open',
        { code: 4002, reason: 'bye', sent: 4002, received: 4002, answered: true },
      ])
    })

    test('an empty Close frame is 1005, both ways', async () => {
      const { near, far, log } = await connected()
      const closed = told(near, 'close')
      far.close()
      await closed
      expect(log.at(-1)).toEqual({
        code: 1005,
        reason: '',
        sent: 1005,
        received: 1005,
        answered: true,
      })
    })

    test('terminate: close comes with 1006, later than the call, and nothing else', async () => {
      const { near, far, log } = await connected()
      const farLog = watch(far)
      const both = Promise.all([told(near, 'close'), told(far, 'close')])
      near.terminate()
      expect(log).toEqual(['open'])
      far.send('never')
      await both
      near.terminate()
      expect(log).toEqual(['open', { code: 1006, reason: '', terminated: true }])
      if (can('silent end')) {
        expect(farLog.at(-1)).toMatchObject({ code: 1006 })
        expect(farLog.at(-1)).not.toHaveProperty('received')
      } else {
        expect(farLog.at(-1)).toMatchObject({ code: 4906, received: 4906 })
      }
    })

    test('a reset is an error, then close with 1006', async () => {
      const { near, far, log } = await connected()
      const farLog = watch(far)
      const both = Promise.all([told(near, 'close'), told(far, 'close')])
      pair.cut()
      await both
      // the end that does the resetting on loopback has nothing to be told by TCP
      const ends = [log.slice(1), farLog.filter(each => each !== 'open')]
      for (const end of ends) expect(end.at(-1)).toMatchObject({ code: 1006, reason: '' })
      if (can('reset')) expect(ends.flat()).toContainEqual({ error: 'ERR_CONNECTION_LOST' })
    })

    test('what was sent before a reset arrives before it', async () => {
      const { near, far } = await connected()
      // on loopback it is the server's end that resets
      const [sender, receiver] = name === 'ws on a server' ? [near, far] : [far, near]
      const log = watch(receiver)
      const closed = told(receiver, 'close')
      sender.send('last')
      pair.cut()
      await closed
      // the error that says so is lost when TCP brings both at once
      expect(log.find(each => each !== 'open')).toBe('last')
      expect(log.at(-1)).toMatchObject({ code: 1006 })
    })

    test('what was sent before TCP ends arrives before it', async () => {
      const { near, far, log } = await connected()
      const closed = told(near, 'close')
      far.send('last')
      far.terminate()
      await closed
      expect(log.slice(0, 2)).toEqual(['open', 'last'])
      expect(log.at(-1)).toMatchObject({ code: 1006 })
    })

    test('terminate: what waited to be written is no drain', async () => {
      const { near, far, log } = await connected()
      far.pause?.()
      const megabyte = new Uint8Array(1024 * 1024)
      for (let at = 0; at < 64; at++) near.send(megabyte)
      const closed = told(near, 'close')
      near.terminate()
      await closed
      await turns()
      expect(log).toEqual(['open', { code: 1006, reason: '', terminated: true }])
    })

    test.each([
      [999, ''],
      [1006, ''],
      [1015, ''],
      [2999, ''],
      [5000, ''],
      [1000, 'x'.repeat(124)],
    ])(
      'a Close frame that RFC 6455 forbids is a violation, answered with 1002 (%d)',
      async (code, reason) => {
        const { near, log } = await connected()
        const closed = told(near, 'close')
        pair.badClose(code, reason)
        await closed
        // what can't be read, or stands for no Close frame at all, is refused by everybody
        if (!can('close codes') && code !== 1006 && code !== 1015 && reason === '') {
          expect(log).toEqual([
            'open',
            { code, reason, sent: code, received: code, answered: true },
          ])
          return
        }
        const seen = can('violations')
        expect(log).toEqual([
          'open',
          { error: seen ? 'ERR_PROTOCOL' : 'ERR_CONNECTION_LOST' },
          { code: 1006, reason: '', ...(seen && { sent: 1002 }) },
        ])
      },
    )

    test('a violation is an error and 1006 here; the peer gets the code', async () => {
      const { near, far, log } = await connected()
      const farLog = watch(far)
      const both = Promise.all([told(near, 'close'), told(far, 'close')])
      pair.overfill()
      await both
      const sent = can('violations') ? 1009 : codeInBrowsers(1009)
      expect(log).toEqual(['open', { error: 'ERR_PROTOCOL' }, { code: 1006, reason: '', sent }])
      expect(farLog.at(-1)).toMatchObject({ code: sent, received: sent })
    })

    test('what is sent behind the Close frame is refused, counted, and seen as buffered', async () => {
      const { near } = await connected()
      const closed = told(near, 'close')
      near.close(1000)
      const before = near.bufferedAmount
      near.send('12345')
      near.send('12345')
      await expect.poll(() => near.bufferedAmount, patience).toBeGreaterThanOrEqual(before + 10)
      await closed
      expect(near.refused).toBe(2)
    })

    test('a peer that does not read backs it up; drain comes once, when it reads again', async () => {
      const { near, far, log } = await connected()
      far.pause?.()
      const megabyte = new Uint8Array(1024 * 1024)
      // more than the buffers of any kernel
      const count = 64
      const all = arrived(far, count)
      for (let at = 0; at < count; at++) near.send(megabyte)
      await expect.poll(() => near.bufferedAmount, patience).toBeGreaterThan(megabyte.length)
      expect(log).toEqual(['open'])
      const drained = told(near, 'drain')
      far.resume?.()
      await Promise.all([drained, all])
      expect(log).toEqual(['open', 'drain'])
      await expect.poll(() => near.bufferedAmount, patience).toBe(0)
    })

    test.runIf(can('pause'))(
      'paused it reads nothing more, but for what it had read; resumed nothing is lost',
      async () => {
        const { near, far, log } = await connected()
        const count = 2_000
        const messages = Array.from({ length: count }, (_, at) => `${at}`.padEnd(1_000))
        const first = arrived(near, 1)
        const all = arrived(near, count)
        near.addListener('message', message => {
          if (message === messages[0]) near.pause?.()
        })
        for (const message of messages) far.send(message)
        await first
        // Node takes in a chunk more than it delivers
        await turns()
        const bytes = near.bytesRead
        expect(log.length).toBeLessThan(count)
        await turns()
        expect(near.bytesRead).toBe(bytes)
        near.resume?.()
        await all
        expect(log.slice(1)).toEqual(messages)
        expect(near.bytesRead).toBeGreaterThanOrEqual(bytes)
      },
    )

    test.runIf(can('pause'))(
      "paused it does not see the peer's Close frame until it is resumed",
      async () => {
        const { near, far, log } = await connected()
        near.pause?.()
        far.close(4003)
        await turns()
        expect(log).toEqual(['open'])
        const closed = told(near, 'close')
        near.resume?.()
        await closed
        expect(log.at(-1)).toMatchObject({ code: 4003, received: 4003 })
      },
    )

    test('a ping is answered by the socket itself, and moves bytesRead at both ends', async () => {
      const { near, far, log } = await connected()
      const [nearBytes, farBytes] = [near.bytesRead, far.bytesRead]
      far.ping?.()
      await expect.poll(() => far.bytesRead, patience).toBeGreaterThan(farBytes)
      if (can('ping')) expect(near.bytesRead).toBeGreaterThan(nearBytes)
      expect(log).toEqual(['open'])
    })

    test.runIf(can('close timeout'))(
      'a peer that says Close and never ends TCP is dropped after the close timeout',
      async () => {
        const { near, far, log } = await connected()
        const started = performance.now()
        far.pause?.()
        const closed = told(near, 'close')
        near.close(4004)
        await closed
        expect(performance.now() - started).toBeGreaterThan(closeTimeout * 0.9)
        expect(log).toEqual(['open', { code: 1006, reason: '', sent: 4004 }])
      },
    )
  })

  describe.each(subjects.filter(({ name }) => name !== 'ws on a server'))(
    '$name',
    ({ pair: make }) => {
      test.each(['close', 'terminate'] as const)(
        '%s while connecting: 1006, and it never opens',
        async how => {
          pair = await make()
          const log = watch(pair.near)
          const closed = told(pair.near, 'close')
          pair.near[how]()
          await closed
          expect(log).toEqual([{ code: 1006, reason: '', terminated: true }])
        },
      )
    },
  )
}
