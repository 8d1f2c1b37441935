import { interval, map } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { HandshakeError } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

const states = { c: 'connecting', o: 'open', i: 'closing', d: 'closed' } as const
const tick = () => interval(1_000).pipe(map(each => `${each}`))

describe('a peer that sends', () => {
  test('sends what the marbles say, counted from the script on', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept()
      peer.sends('a 999ms (bc) 996ms d')
      expectStream(connection.messages).toBe('a 999ms (bc) 996ms d')
    })
  })

  test('sends what the marbles say, counted from when it is told to', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept()
      at('10s', () => peer.sends('1s a'))
      expectStream(connection.messages).toBe('11s a')
    })
  })

  test('sends what the letters stand for, text or bytes', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept()
      const values = { t: 'text', b: new Uint8Array([1]) }
      peer.sends('t 1s b', values)
      expectStream(connection.messages).toBe('t 1s b', values)
    })
  })

  test('closes with 1000 at a bar, and breaks the connection at a hash', () => {
    virtualTime(({ accept, expectClose }) => {
      const bar = accept()
      bar.peer.sends('a 1s |')
      expectClose(bar.connection, '1001ms', { code: 1000, by: 'peer', wasClean: true })
      const hash = accept()
      hash.peer.sends('a 1s #')
      expectClose(hash.connection, '1001ms', { code: 1006, by: 'network' })
    })
  })
})

describe('a peer', () => {
  test('logs the messages that reach it, and all frames', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept()
      at('1s', () => connection.send('a'))
      at('2s', () => connection.send(new Uint8Array([1, 2])))
      at('3s', () => peer.ping())
      at('4s', () => connection.close(4000, 'bye'))
      expectStream(peer.received).toBe('1s t 999ms b', { t: 'a', b: new Uint8Array([1, 2]) })
      expectStream(peer.frames).toBe('1s t 999ms b 999ms p 999ms c', {
        t: { text: 'a' },
        b: { binary: new Uint8Array([1, 2]) },
        p: 'pong',
        c: { close: 4000, reason: 'bye' },
      })
    })
  })

  test('answers a Close frame with its code, at once', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection } = accept()
      at('1s', () => connection.close(4000, 'bye'))
      expectClose(connection, '1s', { code: 4000, reason: 'bye', sent: 4000, received: 4000 })
    })
  })

  test('that closes has its own code and reason reported', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      at('1s', () => peer.close(4001, 'bye'))
      expectClose(connection, '1s', { code: 4001, reason: 'bye', by: 'peer', wasClean: true })
    })
  })

  test('that closes without a code is 1005', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      at('1s', () => peer.close())
      expectClose(connection, '1s', { code: 1005, reason: '', received: 1005, sent: 1005 })
    })
  })

  test('that ends says no goodbye', () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const { connection, peer } = accept(tick)
      at('1500ms', () => peer.end())
      expectStream(peer.received).toBe('1s 0')
      expectClose(connection, '1500ms', { code: 1006, by: 'network', wasClean: false })
    })
  })

  test('that ends while we close lets us see no answer', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      peer.silence()
      at('1s', () => connection.close(4000))
      at('2s', () => peer.end())
      expectClose(connection, '2s', { code: 1006, by: 'local', sent: 4000, wasClean: false })
    })
  })

  test('that cuts breaks the connection under both', () => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept(tick)
      at('1500ms', () => peer.cut())
      expectClose(connection, '1500ms', {
        code: 1006,
        by: 'network',
        cause: like({ code: 'ERR_CONNECTION_LOST', message: 'read ECONNRESET' }),
      })
    })
  })

  test('that is silent still reads, and answers neither ping nor Close', () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const { connection, peer } = accept(tick, { timeouts: { close: 3_000 } })
      peer.silence()
      at('2500ms', () => connection.close())
      expectStream(peer.received).toBe('1s 0 999ms 1')
      expectClose(connection, '5500ms', { code: 1006, sent: 1000, by: 'local' })
    })
  })

  test('that is silent can still talk', () => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const { connection, peer } = accept()
      peer.silence()
      at('1s', () => peer.send('a'))
      at('2s', () => peer.end())
      expectStream(connection.messages).toBe('1s a 999ms |')
      expectClose(connection, '2s', { code: 1006 })
    })
  })
})

describe('a peer that stalls', () => {
  test('takes nothing, until it reads on', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { peer } = accept(tick)
      at('1500ms', () => peer.stall())
      at('3500ms', () => peer.resume())
      at('4500ms', () => peer.close(1000))
      expectStream(peer.received).toBe('1s 0 2499ms (12) 496ms 3')
    })
  })

  test('still talks', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept(tick, { heartbeat: false })
      peer.stall()
      peer.sends('1s a')
      expectStream(connection.messages).toBe('1s a')
    })
  })

  test('leaves what the socket does not take in the outbox', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(
        () => interval(1_000).pipe(map(() => 'x'.repeat(70_000))),
        {},
      )
      peer.stall()
      at('3500ms', () => expect(connection.flow).toMatchObject({ sent: 1, queued: 2 }))
      at('4500ms', () => peer.resume())
      at('4600ms', () => expect(connection.flow).toMatchObject({ sent: 4, queued: 0 }))
      at('4700ms', () => peer.close(1000))
    })
  })
})

describe('a peer that vanishes', () => {
  test('neither hears nor is heard, and nobody is told', () => {
    const { alive } = virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(tick, { heartbeat: false })
      at('1500ms', () => peer.vanish())
      peer.sends('1s a 1s b')
      expectStream(peer.received).toBe('1s 0')
      expectStream(connection.messages).toBe('1s a')
      expectStream(connection.states).toBe('(co)', states)
    })
    expect(alive).toHaveLength(1)
  })

  test('and reappears gets all that waited, and is heard again', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(tick)
      at('1500ms', () => peer.vanish())
      peer.sends('1s a 1s b')
      at('3500ms', () => peer.reappear())
      at('4500ms', () => peer.close(1000))
      expectStream(peer.received).toBe('1s 0 2499ms (12) 496ms 3')
      expectStream(connection.messages).toBe('1s a 2499ms b 999ms |')
    })
  })
})

describe('a peer that breaks the protocol', () => {
  test.each([1002, 1007, 1008, 1009])('is told so with %d', code => {
    virtualTime(({ accept, at, expectStream, expectClose }) => {
      const { connection, peer } = accept()
      at('1s', () => peer.violate(code))
      expectStream(peer.frames).toBe('1s c', { c: { close: code, reason: '' } })
      expectClose(connection, '1s', {
        code: 1006,
        sent: code,
        by: 'local',
        cause: like({ code: 'ERR_PROTOCOL', closeCode: code }),
      })
    })
  })
})

describe('a scripted server', () => {
  test('opens at once', () => {
    virtualTime(({ connect, expectStream }) => {
      expectStream(connect().connection.states).toBe('(co)', states)
    })
  })

  test('opens when it is said to', () => {
    virtualTime(({ connect, expectStream }) => {
      expectStream(connect(undefined, { opens: '3s' }).connection.states).toBe('c 2999ms o', states)
    })
  })

  test('opens when the script does it', () => {
    virtualTime(({ connect, at, expectStream }) => {
      const { connection, peer } = connect(undefined, { opens: false })
      at('2s', () => peer.open())
      expectStream(connection.states).toBe('c 1999ms o', states)
    })
  })

  test('refuses with a status and headers', () => {
    virtualTime(({ connect, at, expectStream, expectClose }) => {
      const { connection, peer } = connect(undefined, { opens: false })
      at('1s', () => peer.refuse(429, { 'retry-after': '3' }))
      expectStream(connection.states).toBe('c 999ms (d|)', states)
      expectClose(connection, '1s', {
        code: 1006,
        by: 'peer',
        cause: like({ status: 429, headers: { 'retry-after': '3' } }),
      })
    })
  })

  test('cannot be reached', () => {
    virtualTime(({ connect, at, expectClose }) => {
      const { connection, peer } = connect(undefined, { opens: false })
      at('1s', () => peer.unreachable())
      expectClose(connection, '1s', {
        code: 1006,
        by: 'network',
        cause: new HandshakeError('connect ECONNREFUSED'),
      })
    })
  })

  test('that never answers is given up', () => {
    virtualTime(({ connect, expectClose }) => {
      const { connection } = connect(undefined, {
        opens: false,
        timeouts: { handshake: 3_000 },
      })
      expectClose(connection, '3s', { code: 1006, cause: like({ timeout: 'handshake' }) })
    })
  })
})

describe('the handshake that a handler sees', () => {
  test('is what the test says, the rest is empty', () => {
    virtualTime(({ accept }) => {
      const { connection } = accept(undefined, {
        handshake: { url: '/room?name=a', origin: 'https://example.org' },
      })
      expect(connection.handshake).toEqual({
        url: '/room?name=a',
        headers: {},
        origin: 'https://example.org',
        remoteAddress: undefined,
        protocol: '',
        principal: undefined,
      })
    })
  })
})
