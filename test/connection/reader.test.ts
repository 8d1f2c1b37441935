import { interval, Subject, take, toArray } from 'rxjs'
import { expect, test } from 'vitest'
import { ApplicationError, binary, type Codec, type Message, text } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

test('a subscription made in the handler misses no message', () => {
  virtualTime(({ accept, expectStream }) => {
    const seen = new Subject<unknown>()
    const { peer } = accept(({ messages }) => void messages.subscribe(seen))
    expectStream(seen).toBe('(ab) 2s c |')
    peer.sends('(ab) 2s c |')
  })
})

test('echoes', () => {
  virtualTime(({ accept, expectStream }) => {
    const { peer } = accept(({ messages }) => messages)
    peer.sends('1s a 2s b')
    expectStream(peer.received).toBe('1s a 2s b')
  })
})

test('messages complete, and do not error, whatever ends the connection', () => {
  virtualTime(({ accept, expectStream }) => {
    for (const end of ['close', 'end', 'cut'] as const) {
      const { connection, peer } = accept()
      peer.sends('1s a')
      expectStream(connection.messages).toBe('1s a 1s |')
      const marbles = { close: '2001ms |', end: '', cut: '2001ms #' }[end]
      peer.sends(marbles)
      if (end === 'end') peer.sends('')
      if (end === 'end')
        interval(2_001)
          .pipe(take(1))
          .subscribe(() => peer.end())
    }
  })
})

test('decodes once for all subscribers, and not at all for none', () => {
  virtualTime(({ accept, at }) => {
    let decoded = 0
    const counting: Codec<string> = {
      ...text,
      decode: message => (decoded++, text.decode(message)),
    }
    const { connection, peer } = accept(undefined, { codec: counting })
    peer.sends('a 1s b 1s c')
    at('500ms', () => {
      expect(decoded).toBe(0)
      connection.messages.pipe(take(1)).subscribe()
      connection.messages.pipe(take(1)).subscribe()
    })
    at('4s', () => expect(decoded).toBe(1))
  })
})

test('a late subscriber gets what comes from then on, and one after the end completes at once', () => {
  virtualTime(({ accept, expectStream, hot }) => {
    const { connection, peer } = accept()
    peer.sends('a 1s b 1s c |')
    const late = hot('500ms s')
    const afterEnd = hot('10s s')
    const seen = new Subject<unknown>()
    late.subscribe(() => connection.messages.subscribe(seen))
    expectStream(seen).toBe('1001ms b 1s c |')
    const nothing = new Subject<unknown>()
    afterEnd.subscribe(() => connection.messages.subscribe(nothing))
    expectStream(nothing).toBe('10s |')
  })
})

test('nothing is delivered from closing on', () => {
  virtualTime(({ accept, at, expectStream }) => {
    const { connection, peer } = accept()
    peer.silence()
    at('1s', () => connection.close())
    peer.sends('a 2s b')
    expectStream(connection.messages).toBe('a 5999ms |')
  })
})

test('a throw in read closes this connection with 1011, and no other', () => {
  const { alive } = virtualTime(({ accept, expectClose }) => {
    const failure = new Error('cannot read that')
    const handler = ({ read }: { read: (next: (message: unknown) => void) => unknown }) => {
      read(message => {
        if (message === 'x') throw failure
      })
    }
    const one = accept(handler)
    const other = accept(handler)
    one.peer.sends('1s x x')
    other.peer.sends('1s y y')
    expectClose(one.connection, '1s', {
      code: 1011,
      by: 'local',
      cause: new ApplicationError('read', failure),
    })
  })
  expect(alive).toHaveLength(1)
})

function wrongKind<T>(codec: Codec<T>, message: Message): void {
  virtualTime(({ accept, expectClose, at }) => {
    const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec })
    at('1s', () => peer.send(message))
    expectClose(connection, '1s', {
      code: 1003,
      sent: 1003,
      by: 'local',
      cause: like({ code: 'ERR_CODEC', closeCode: 1003 }),
    })
  })
}

test('a message of the wrong kind closes with 1003', () => {
  wrongKind(text, new Uint8Array([1]))
  wrongKind(binary, 'text')
})

test('whatever else a codec throws closes with 1007', () => {
  virtualTime(({ accept, expectClose }) => {
    const codec: Codec<never> = {
      decode() {
        throw new SyntaxError('no')
      },
      encode: String,
    }
    const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec })
    peer.sends('1s a')
    expectClose(connection, '1s', {
      code: 1007,
      cause: like({ code: 'ERR_CODEC', cause: new SyntaxError('no') }),
    })
  })
})

test('binary and text arrive as what they were', () => {
  virtualTime(({ accept, expectStream }) => {
    const { connection, peer } = accept()
    const bytes = new Uint8Array([0, 255])
    peer.sends('(ab|)', { a: 'text', b: bytes })
    expectStream(connection.messages.pipe(toArray())).toBe('(m|)', { m: ['text', bytes] })
  })
})
