/** The recipes of docs/testing.md: each region is one of them, word for word. */

import { concat, interval, map, NEVER, of, race, take, throwError, timeout, timer } from 'rxjs'
import { test } from 'vitest'
import { type Codec, HeartbeatError, text, TimeoutError } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

// #region A writer's cadence
test('says hello every five seconds', () => {
  virtualTime(
    ({ accept, expectStream }) => {
      const { peer } = accept(() => interval(5_000).pipe(map(() => 'hello')))
      expectStream(peer.received).toBe('5s h 4999ms h 4999ms h', { h: 'hello' })
    },
    { until: '18s' },
  )
})
// #endregion

// #region The peer closes with a code
test('tells how the peer closed, and completes what it read', () => {
  virtualTime(({ accept, at, expectStream, expectClose }) => {
    const { connection, peer } = accept()
    peer.sends('1s a')
    at('2s', () => peer.close(4001, 'bye'))
    expectStream(connection.messages).toBe('1s a 999ms |')
    expectClose(connection, '2s', { code: 4001, reason: 'bye', by: 'peer', wasClean: true })
  })
})
// #endregion

// #region The peer goes silent
test('gives up on a peer that is gone, by the heartbeat, after a minute', () => {
  virtualTime(({ accept, at, expectStream, expectClose }) => {
    const { connection, peer } = accept()
    peer.sends('10s a')
    at('11s', () => peer.vanish())
    expectStream(peer.frames).toBe('')
    // the sweep looks every 3 s: it has heard of a at 12 s, and then nothing for 60 s
    expectClose(connection, '72s', { code: 1006, by: 'network', cause: new HeartbeatError(60_000) })
  })
})
// #endregion

// #region A deadline of your own
test('gives up on a peer that says nothing for 30 s', () => {
  virtualTime(({ accept, at, expectStream, expectClose }) => {
    const { connection, peer } = accept(({ messages }) => messages.pipe(timeout(30_000)))
    peer.sends('10s a')
    at('11s', () => peer.vanish())
    expectStream(peer.received).toBe('10s a')
    // 1011 goes out at 40 s, and nobody answers it
    expectClose(connection, '45s', { code: 1006, sent: 1011, by: 'local' })
  })
})
// #endregion

// #region The Close frame is never answered
test('waits five seconds for the Close frame of the peer', () => {
  virtualTime(({ accept, at, expectStream, expectClose }) => {
    const { connection, peer } = accept()
    peer.silence()
    at('1s', () => connection.close(4000, 'enough'))
    expectStream(peer.frames).toBe('1s c', { c: { close: 4000, reason: 'enough' } })
    expectClose(connection, '6s', {
      code: 1006,
      sent: 4000,
      wasClean: false,
      cause: new TimeoutError('close', 5_000),
    })
  })
})
// #endregion

// #region The handshake is refused
test('says with which status the server refused', () => {
  virtualTime(({ connect, at, expectClose }) => {
    const { connection, peer } = connect(undefined, { opens: false })
    at('1s', () => peer.refuse(503, { 'retry-after': '7' }))
    expectClose(connection, '1s', {
      code: 1006,
      by: 'peer',
      cause: like({ status: 503, headers: { 'retry-after': '7' } }),
    })
  })
})
// #endregion

// #region A slow peer
test('takes a second for each message over a slow wire', () => {
  virtualTime(({ accept, expectStream, expectClose }) => {
    const line = 'x'.repeat(998)
    const { connection, peer } = accept(() => of(line, line), {
      // a frame has four bytes more than so long a message
      wire: { bandwidth: 1_002 },
    })
    expectStream(peer.received).toBe('1s x 999ms x', { x: line })
    // the Close frames need their time too: four bytes each
    expectClose(connection, '2008ms', { code: 1000, wasClean: true })
  })
})
// #endregion

// #region A full outbox
test('closes with 1013 when the peer reads nothing and the outbox is full', () => {
  virtualTime(({ accept, expectClose }) => {
    const chunk = 'x'.repeat(10_000)
    const { connection, peer } = accept(() => interval(1_000).pipe(map(() => chunk)), {
      outbox: { bytes: 20_000 },
    })
    peer.stall()
    // seven chunks fill the socket, two the outbox; the tenth is too much
    expectClose(connection, '15s', {
      code: 1006,
      sent: 1013,
      cause: like({ code: 'ERR_OVERFLOW' }),
    })
  })
})
// #endregion

// #region The handler throws
test('closes with 1011 when the handler throws, and keeps the reason to itself', () => {
  virtualTime(({ accept, expectStream, expectClose }) => {
    const { connection, peer } = accept(() => {
      throw new Error('no database')
    })
    expectStream(peer.frames).toBe('c', { c: { close: 1011, reason: 'internal error' } })
    expectClose(connection, '0s', {
      code: 1011,
      cause: like({ where: 'handler', cause: new Error('no database') }),
    })
  })
})
// #endregion

// #region The writer fails
test('sends what came before the error, then closes with 1011', () => {
  virtualTime(({ accept, expectStream, expectClose }) => {
    const failing = concat(
      of('a'),
      timer(1_000).pipe(map(() => 'b')),
      throwError(() => new Error('no more')),
    )
    const { connection, peer } = accept(() => failing)
    expectStream(peer.received).toBe('a 999ms b')
    expectClose(connection, '1s', {
      code: 1011,
      cause: like({ where: 'writer', cause: new Error('no more') }),
    })
  })
})
// #endregion

// #region Two ends, 200 ms apart
test('the answer is back after two times the latency', () => {
  virtualTime(
    ({ link, expectStream }) => {
      const { client } = link(
        {
          server: ({ messages }) => messages.pipe(map(message => `${String(message)}!`)),
          client: () => concat(of('hi'), NEVER),
        },
        { latency: 200 },
      )
      // open after a round trip, answered after another one
      expectStream(client.states).toBe('c 399ms o', { c: 'connecting', o: 'open' })
      expectStream(client.messages).toBe('800ms a', { a: 'hi!' })
    },
    { until: '10s' },
  )
})
// #endregion

// #region Cut in the middle
test('what is under way when the connection is cut never arrives', () => {
  virtualTime(({ link, at, expectStream, expectClose }) => {
    const wire = link(
      { server: () => interval(100).pipe(map(each => `${each}`)) },
      { latency: 200 },
    )
    at('650ms', () => wire.cut())
    // sent at 300, 400, 500 and 600 ms
    expectStream(wire.client.messages).toBe('500ms 0 99ms 1 49ms |')
    expectClose(wire.server, '650ms', { code: 1006, by: 'network' })
    expectClose(wire.client, '650ms', { code: 1006, by: 'network' })
  })
})
// #endregion

// #region A half-open network
test('a server that hears nothing more keeps talking to nobody', () => {
  virtualTime(
    ({ link, at, expectStream }) => {
      const wire = link({ server: () => interval(1_000).pipe(map(each => `${each}`)) })
      at('2500ms', () => wire.stall('toClient'))
      at('4500ms', () => wire.resume())
      expectStream(wire.client.messages).toBe('1s 0 999ms 1 2499ms (23) 496ms 4')
      expectStream(wire.server.states).toBe('(co)', { c: 'connecting', o: 'open' })
    },
    { until: '5500ms' },
  )
})
// #endregion

// #region A late greeting
test('a client that is not greeted within two seconds leaves with 4008', () => {
  virtualTime(({ connect, expectClose }) => {
    const { connection, peer } = connect(({ messages, close }) => {
      race(messages.pipe(take(1)), timer(2_000).pipe(map(() => 'late'))).subscribe(first => {
        if (first === 'late') close(4008, 'no greeting')
      })
    })
    peer.sends('3s w', { w: 'welcome' })
    expectClose(connection, '2s', { code: 4008, by: 'local' })
  })
})
// #endregion

// #region States over time
test('goes through its states when it should', () => {
  virtualTime(({ connect, at, expectStream }) => {
    const { connection } = connect(undefined, { opens: '1s', wire: { latency: 50 } })
    at('2s', () => connection.close())
    expectStream(connection.states).toBe('c 999ms o 999ms i 99ms (d|)', {
      c: 'connecting',
      o: 'open',
      i: 'closing',
      d: 'closed',
    })
  })
})
// #endregion

// #region A message that makes no sense
test('closes with 1007 when a message is not JSON', () => {
  const json: Codec<unknown> = {
    decode: message => JSON.parse(String(message)) as unknown,
    encode: value => JSON.stringify(value),
  }
  virtualTime(({ accept, at, expectStream, expectClose }) => {
    const { connection, peer } = accept(({ messages }) => messages, { codec: json })
    at('1s', () => peer.send('{"a":1}'))
    at('2s', () => peer.send('{"a":'))
    expectStream(connection.messages).toBe('1s v 999ms |', { v: { a: 1 } })
    expectClose(connection, '2s', { code: 1007, cause: like({ code: 'ERR_CODEC' }) })
  })
})
// #endregion

// #region The wrong kind of message
test('closes with 1003 when bytes come where text is spoken', () => {
  virtualTime(({ accept, at, expectClose }) => {
    const { connection, peer } = accept(({ messages }) => messages, { codec: text })
    at('1s', () => peer.send(new Uint8Array([1, 2, 3])))
    expectClose(connection, '1s', { code: 1003, sent: 1003, by: 'local' })
  })
})
// #endregion
