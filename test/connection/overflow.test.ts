import { concat, ignoreElements, map, NEVER, Observable, of, range, tap, timer } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Codec, latest, type Message, OverflowError, type Overflow } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

// more than the socket takes at once: what comes behind it waits
const plug = 'x'.repeat(70_000)

// by then the peer has stalled
const delayed = timer(1).pipe(ignoreElements())

/** Everything at once, behind what plugs the socket; nothing more. */
const atOnce = (...messages: Message[]) => concat(delayed, of(plug, ...messages), NEVER)

/** The messages at the peer, without the plug. */
const behindPlug = (messages: readonly Message[]) => messages.filter(message => message !== plug)

describe('close', () => {
  test('is what happens by default: 1013, caused by an OverflowError, the queue dropped', () => {
    virtualTime(({ accept, at, expectClose, expectStream }) => {
      const { connection, peer } = accept(() => atOnce('a', 'b', 'c'), { outbox: { messages: 2 } })
      peer.stall()
      at('1s', () => peer.resume())
      expectClose(connection, '1s', {
        code: 1013,
        reason: 'too slow',
        by: 'local',
        sent: 1013,
        received: 1013,
        wasClean: true,
        cause: new OverflowError(
          'The outbox holds 3 messages of 3 bytes; its bounds are 2 messages and 1048576 bytes',
        ),
      })
      expectStream(peer.frames).toBe('1s (pc)', {
        p: { text: plug },
        c: { close: 1013, reason: 'too slow' },
      })
      at('2s', () => {
        expect(connection.flow.snapshot()).toMatchObject({
          sent: 1,
          queued: 0,
          queuedBytes: 0,
          dropped: 3,
        })
      })
    })
  })

  test('leaves what is just within the bounds alone', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => atOnce('aa', 'bb'), {
        outbox: { messages: 2, bytes: 4 },
      })
      peer.stall()
      at('1s', () => {
        expect(connection.state).toBe('open')
        expect(connection.flow.snapshot()).toMatchObject({ queued: 2, queuedBytes: 4, dropped: 0 })
        peer.resume()
      })
      expectStream(peer.received).toBe('1s (pab)', { p: plug, a: 'aa', b: 'bb' })
    })
  })

  test.each([
    ['ASCII as one byte', 'abcd', 4],
    ['é as two', 'éé', 4],
    ['€ as three', '€', 3],
    ['🌊 as four', '🌊', 4],
    ['a Uint8Array by its own bytes', new Uint8Array(new ArrayBuffer(64), 8, 5), 5],
  ])('counts %s', (_, message, bytes) => {
    virtualTime(({ accept, at }) => {
      const within = accept(() => atOnce(message), { outbox: { bytes } })
      const beyond = accept(() => atOnce(message), { outbox: { bytes: bytes - 1 } })
      within.peer.stall()
      beyond.peer.stall()
      at('2ms', () => {
        expect(within.connection.flow.snapshot()).toMatchObject({ queued: 1, queuedBytes: bytes })
        expect(within.connection.state).toBe('open')
        expect(beyond.connection.state).toBe('closing')
      })
    })
  })

  test('is judged at the end of a turn: ten times the bound passes to a peer that takes it', () => {
    virtualTime(({ connect, at }) => {
      const { connection, peer } = connect(undefined, { opens: false, outbox: { messages: 10 } })
      at('1s', () => {
        peer.open()
        for (let each = 0; each < 100; each++) connection.send(`${each}`)
        expect(connection.flow.queued).toBe(100)
      })
      at('2s', () => {
        expect(peer.received.values).toEqual(Array.from({ length: 100 }, (_, each) => `${each}`))
        expect(connection.state).toBe('open')
        expect(connection.flow.snapshot()).toMatchObject({ sent: 100, queued: 0, dropped: 0 })
      })
    })
  })

  test('is judged in the same turn, not in a later one', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(undefined, { outbox: { messages: 1 } })
      peer.stall()
      at('1s', () => {
        for (const message of [plug, 'a', 'b']) connection.send(message)
        expect(connection.state).toBe('open')
      })
      at('1001ms', () => expect(connection.state).toBe('closing'))
    })
  })

  test.each([
    ['messages', { messages: 10 }, 161, 'x'],
    ['bytes', { bytes: 10 }, 41, 'four'],
  ])('comes at once for a runaway of sixteen times the bound in %s', (_, outbox, most, message) => {
    virtualTime(({ accept, at }) => {
      let emitted = 0
      const { connection, peer } = accept(
        ({ messages }) =>
          new Observable<string>(subscriber => {
            const wait = messages.subscribe(() => {
              subscriber.next(plug)
              range(0, Infinity)
                .pipe(
                  map(() => message),
                  tap(() => emitted++),
                )
                .subscribe(subscriber)
            })
            return () => wait.unsubscribe()
          }),
        { outbox },
      )
      peer.stall()
      peer.sends('1s g')
      at('2s', () => {
        expect(connection.state).toBe('closing')
        // the one that leaves open is the last, save that `range` looks once more
        expect(emitted).toBeGreaterThanOrEqual(most)
        expect(emitted).toBeLessThanOrEqual(most + 1)
        expect(connection.flow.snapshot()).toMatchObject({ sent: 1, queued: 0, dropped: most })
      })
    })
  })

  test('before open ends with 1006 by this side, and says what overflowed', () => {
    virtualTime(({ connect, at, expectClose, expectStream }) => {
      const { connection, peer } = connect(undefined, { opens: '5s', outbox: { messages: 2 } })
      at('1s', () => {
        for (const each of 'abc') connection.send(each)
      })
      expectClose(connection, '1s', {
        code: 1006,
        by: 'local',
        wasClean: false,
        cause: like({ code: 'ERR_OVERFLOW' }),
      })
      expectStream(peer.frames).toBe('')
      at('6s', () =>
        expect(connection.flow.snapshot()).toMatchObject({ sent: 0, queued: 0, dropped: 3 }),
      )
    })
  })
})

describe('dropping', () => {
  const policies: [Overflow<Message>, string[], string[]][] = [
    ['dropOldest', ['d', 'e'], ['b', 'ccc']],
    ['dropNewest', ['a', 'b'], ['a', 'b']],
  ]
  test.each(policies)('%s keeps the bound in messages, in order, and counts', (overflow, left) => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(() => atOnce('a', 'b', 'c', 'd', 'e'), {
        outbox: { messages: 2, overflow },
      })
      peer.stall()
      at('1s', () => {
        expect(connection.flow.snapshot()).toMatchObject({ queued: 2, queuedBytes: 2, dropped: 3 })
        peer.resume()
      })
      at('2s', () => {
        expect(behindPlug(peer.received.values)).toEqual(left)
        expect(connection.flow.snapshot()).toMatchObject({
          sent: 3,
          queued: 0,
          queuedBytes: 0,
          dropped: 3,
        })
        expect(connection.state).toBe('open')
      })
    })
  })

  test.each(policies)('%s keeps the bound in bytes', (overflow, _, left) => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(() => atOnce('a', 'b', 'ccc'), {
        outbox: { bytes: 4, overflow },
      })
      peer.stall()
      at('1s', () => {
        expect(connection.flow.snapshot()).toMatchObject({ queued: 2, dropped: 1 })
        peer.resume()
      })
      at('2s', () => expect(behindPlug(peer.received.values)).toEqual(left))
    })
  })

  test.each(['dropOldest', 'dropNewest'] as const)(
    '%s drops a message that is larger than all there is room for',
    overflow => {
      virtualTime(({ accept, at }) => {
        const { connection, peer } = accept(() => atOnce('12345'), {
          outbox: { bytes: 4, overflow },
        })
        peer.stall()
        at('1s', () => {
          expect(connection.flow.snapshot()).toMatchObject({
            queued: 0,
            queuedBytes: 0,
            dropped: 1,
          })
          connection.send('next')
          peer.resume()
        })
        at('2s', () => expect(behindPlug(peer.received.values)).toEqual(['next']))
      })
    },
  )

  test.each([
    ['dropOldest', ['98', '99', '']],
    ['dropNewest', ['0', '1', '']],
  ] as const)('%s keeps bounds within a turn too, at sixteen times', (overflow, left) => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(undefined, { outbox: { messages: 2, overflow } })
      peer.stall()
      at('1s', () => {
        connection.send(plug)
        for (let each = 0; each < 100; each++) {
          connection.send(`${each}`)
          expect(connection.flow.queued).toBeLessThanOrEqual(32)
        }
      })
      at('2s', () => {
        expect(connection.flow.snapshot()).toMatchObject({ queued: 2, dropped: 98 })
        peer.resume()
      })
      at('3s', () => {
        if (overflow === 'dropOldest') {
          expect([...behindPlug(peer.received.values), '']).toEqual(left)
        } else {
          // what came behind a judgement in the middle of the turn is newer
          expect(behindPlug(peer.received.values)).toEqual(['0', '1'])
        }
      })
    })
  })

  test.each([
    ['dropOldest', 'bc'],
    ['dropNewest', 'ab'],
  ] as const)('%s holds before open too', (overflow, left) => {
    virtualTime(({ connect, at, expectStream }) => {
      const { connection, peer } = connect(undefined, {
        opens: '5s',
        outbox: { messages: 2, overflow },
      })
      for (const each of 'abc') connection.send(each)
      at('1s', () => expect(connection.flow.snapshot()).toMatchObject({ queued: 2, dropped: 1 }))
      expectStream(peer.received).toBe(`5s (${left})`)
    })
  })
})

describe('latest', () => {
  interface Price {
    name: string
    price: number
  }
  const prices: Codec<never, Price> = {
    decode: () => {
      throw new Error('nothing comes in')
    },
    encode: ({ name, price }) => (name === 'plug' ? plug : `${name}${price}`),
  }
  const price = (name: string, price = 0) => ({ name, price })
  const byName = latest<Price>(({ name }) => name)

  test('without a key keeps the newest of all', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => atOnce('a', 'b', 'c'), {
        outbox: { overflow: latest() },
      })
      peer.stall()
      at('1s', () => {
        expect(connection.flow.snapshot()).toMatchObject({ queued: 1, queuedBytes: 1, dropped: 2 })
        peer.resume()
      })
      expectStream(peer.received).toBe('1s (pc)', { p: plug })
    })
  })

  test('keeps the newest of each key, in the order in which the keys came', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept<never, Price>(undefined, {
        codec: prices,
        outbox: { overflow: byName },
      })
      peer.stall()
      at('1s', () => {
        connection.send(price('plug'))
        for (const [name, value] of ['A1', 'B2', 'A333', 'C4', 'B5'].map(
          each => [each.slice(0, 1), Number(each.slice(1))] as const,
        ))
          connection.send(price(name, value))
        // the replacement freed the bytes of what it replaced
        expect(connection.flow.snapshot()).toMatchObject({
          sent: 1,
          queued: 3,
          queuedBytes: 8,
          dropped: 2,
        })
      })
      at('2s', () => peer.resume())
      expectStream(peer.received).toBe('2s (pabc)', { p: plug, a: 'A333', b: 'B5', c: 'C4' })
      at('3s', () => {
        expect(connection.flow.snapshot()).toMatchObject({
          sent: 4,
          queued: 0,
          queuedBytes: 0,
          dropped: 2,
        })
      })
    })
  })

  test('encodes a value when it comes: what becomes of it later is not sent', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept<never, Price>(undefined, {
        codec: prices,
        outbox: { overflow: byName },
      })
      peer.stall()
      at('1s', () => {
        const value = price('A', 1)
        connection.send(price('plug'))
        connection.send(value)
        value.name = 'Z'
        value.price = 9
      })
      at('2s', () => peer.resume())
      expectStream(peer.received).toBe('2s (pa)', { p: plug, a: 'A1' })
    })
  })

  test('puts a key that was sent and comes again behind the others', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept<never, Price>(undefined, {
        codec: prices,
        outbox: { overflow: byName },
      })
      const send = (...names: string[]) => names.forEach(name => connection.send(price(name)))
      peer.stall()
      at('1s', () => send('plug', 'A', 'plug', 'B'))
      // the socket is plugged again behind A
      at('2s', () => peer.resume())
      at('3s', () => {
        peer.stall()
      })
      at('4s', () => send('plug', 'B', 'A', 'B'))
      at('5s', () => peer.resume())
      at('6s', () => expect(behindPlug(peer.received.values)).toEqual(['A0', 'B0', 'B0', 'A0']))
    })
  })

  test('closes with 1013 when there are too many keys', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept<never, Price>(
        () =>
          concat(
            delayed,
            of(...['plug', 'A', 'B', 'A', 'B', 'C', 'D'].map(name => price(name))),
            NEVER,
          ),
        { codec: prices, outbox: { messages: 3, overflow: byName } },
      )
      peer.stall()
      at('1s', () => peer.resume())
      expectClose(connection, '1s', { code: 1013, cause: like({ code: 'ERR_OVERFLOW' }) })
      at('2s', () =>
        expect(connection.flow.snapshot()).toMatchObject({ sent: 1, queued: 0, dropped: 6 }),
      )
    })
  })

  test('closes with 1011 when the key function throws, also while nothing waits', () => {
    virtualTime(({ accept, at, expectClose, expectStream }) => {
      const failure = new Error('no key')
      const { connection, peer } = accept(() => concat(of('a', 'b'), NEVER), {
        outbox: {
          overflow: latest<Message>(message => {
            if (message === 'b') throw failure
          }),
        },
      })
      expectStream(peer.received).toBe('a')
      expectClose(connection, '0s', {
        code: 1011,
        sent: 1011,
        cause: like({ code: 'ERR_CODEC', cause: failure }),
      })
      at('1s', () => expect(connection.flow.snapshot()).toMatchObject({ sent: 1, refused: 1 }))
    })
  })

  test('holds before open too', () => {
    virtualTime(({ connect, at, expectStream }) => {
      const { connection, peer } = connect(undefined, {
        opens: '5s',
        outbox: { overflow: latest<Message>(message => (message as string)[0]) },
      })
      for (const each of ['a1', 'b1', 'a2']) connection.send(each)
      at('1s', () => expect(connection.flow.snapshot()).toMatchObject({ queued: 2, dropped: 1 }))
      expectStream(peer.received).toBe('5s (ab)', { a: 'a2', b: 'b1' })
    })
  })
})

describe('error', () => {
  test('fails the writer: 1011, and the chain of causes has the OverflowError', () => {
    virtualTime(({ accept, at, expectClose, expectStream }) => {
      let live = true
      const { connection, peer } = accept(
        () =>
          concat(
            delayed,
            of(plug, 'a', 'b'),
            new Observable<string>(() => () => {
              live = false
            }),
          ),
        { outbox: { messages: 1, overflow: 'error' } },
      )
      peer.stall()
      at('1s', () => {
        expect(live).toBe(false)
        peer.resume()
      })
      expectStream(peer.frames).toBe('1s (pc)', {
        p: { text: plug },
        c: { close: 1011, reason: 'internal error' },
      })
      expectClose(connection, '1s', {
        code: 1011,
        sent: 1011,
        by: 'local',
        cause: like({
          code: 'ERR_APPLICATION',
          where: 'writer',
          cause: like({ code: 'ERR_OVERFLOW' }),
        }),
      })
      at('2s', () => {
        connection.closed.subscribe(({ cause }) =>
          expect(cause?.cause).toBeInstanceOf(OverflowError),
        )
        expect(connection.flow.snapshot()).toMatchObject({ sent: 1, queued: 0, dropped: 2 })
      })
    })
  })
})

describe('what was sent before open', () => {
  const big = { a: 'a'.repeat(70_000), b: 'b'.repeat(70_000), c: 'c'.repeat(70_000) }

  test('drains with the socket, as what is sent later', () => {
    virtualTime(
      ({ connect, expectStream }) => {
        const { connection, peer } = connect(undefined, {
          opens: '1s',
          wire: { bandwidth: 70_010 },
        })
        for (const each of Object.values(big)) connection.send(each)
        expectStream(connection.flow.changes).toBe('f 999ms b 2999ms f', {
          f: like({ state: 'flowing' }),
          b: like({ state: 'backed up' }),
        })
        expectStream(peer.received).toBe('2s a 999ms b 999ms c', big)
      },
      { until: '10s' },
    )
  })
})

describe('the option', () => {
  test.each([
    ['a word that is no policy', 'drop', '"drop"'],
    ['null', null, 'null'],
    ['a function', () => 1, 'a function'],
    ['an object without a key function', { key: 'name' }, 'an object'],
  ])('refuses %s', (_, overflow, shown) => {
    expect(() =>
      virtualTime(({ accept }) => {
        accept(undefined, { outbox: { overflow: overflow as unknown as 'close' } })
      }),
    ).toThrow(
      `outbox.overflow: ${shown} is not 'close', 'dropOldest', 'dropNewest', 'error' or latest(key)`,
    )
  })

  test('refuses a key that is no function, where it is written', () => {
    expect(() => latest('name' as never)).toThrow('latest: key: "name" is not a function')
  })

  test.each([
    ['bytes', 0],
    ['bytes', 1.5],
    ['messages', -1],
    ['messages', Infinity],
  ])('refuses %s of %d', (name, value) => {
    expect(() =>
      virtualTime(({ accept }) => void accept(undefined, { outbox: { [name]: value } })),
    ).toThrow(`outbox.${name}: ${value} is not a whole number from 1 to 2147483647`)
  })
})
