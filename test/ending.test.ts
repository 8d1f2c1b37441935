import { catchError, concat, defer, NEVER, of, retry, Subject, take } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import {
  ApplicationError,
  type Close,
  ClosedError,
  CodecError,
  ConnectionLostError,
  endings,
  HandshakeError,
  HeartbeatError,
  isClean,
  isSendable,
  mayReconnect,
  OverflowError,
  ProtocolError,
  type Retry,
  retryAfter,
  throwUnclean,
  TimeoutError,
} from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

const close = (known: Partial<Close>): Close => ({
  code: 1000,
  reason: '',
  wasClean: true,
  by: 'peer',
  ...known,
})
const lost = (cause: Error, by: Close['by'] = 'network') =>
  close({ code: 1006, wasClean: false, by, cause })
const refused = (status?: number) =>
  lost(new HandshakeError('refused', status === undefined ? {} : { status }), 'peer')
const boom = new Error('boom')

describe('an ending by the peer', () => {
  test.each<[code: number, retry: Retry, clean: boolean]>([
    [1000, 'no', true],
    [1001, 'backoff', false],
    [1002, 'no', false],
    [1003, 'no', false],
    [1005, 'no', true],
    [1007, 'no', false],
    [1008, 'no', false],
    [1009, 'no', false],
    [1010, 'no', false],
    [1011, 'a few times', false],
    [1012, 'spread out', false],
    [1013, 'later', false],
    [1014, 'backoff', false],
    [3000, 'no', false],
    [4000, 'no', false],
    [4999, 'no', false],
    [2999, 'no', false],
  ])('with %d: retry %s, clean %s', (code, retry, clean) => {
    const ended = close({ code, sent: code, received: code })
    expect(retryAfter(ended)).toBe(retry)
    expect(mayReconnect(ended)).toBe(retry !== 'no')
    expect(isClean(ended)).toBe(clean)
  })
})

describe('a handshake that failed', () => {
  test.each([400, 401, 403, 404, 405, 426])('with %d is not tried again', status => {
    expect(mayReconnect(refused(status))).toBe(false)
    expect(isClean(refused(status))).toBe(false)
  })

  test.each([429, 503, 500, 502, 504, 408, 200, 301, undefined])('with %s is', status => {
    expect(retryAfter(refused(status))).toBe('backoff')
    expect(mayReconnect(refused(status))).toBe(true)
    expect(isClean(refused(status))).toBe(false)
  })
})

describe('a connection that is lost', () => {
  test.each([
    new ConnectionLostError('reset'),
    new HeartbeatError(60_000),
    new TimeoutError('handshake', 10_000),
    new HandshakeError('unreachable'),
  ])('is tried again: %s', cause => {
    expect(retryAfter(lost(cause))).toBe('backoff')
    expect(mayReconnect(lost(cause))).toBe(true)
    expect(isClean(lost(cause))).toBe(false)
  })
})

describe('an ending by this side', () => {
  test.each([1000, 1001, 1012, 1013, 4000])('with close(%d) is clean and final', code => {
    const ended = close({ code, by: 'local', sent: code, received: code })
    expect(isClean(ended)).toBe(true)
    expect(mayReconnect(ended)).toBe(false)
    expect(retryAfter(ended)).toBe('no')
  })

  test.each([
    [4911, 'a few times', new ApplicationError('handler', boom)],
    [4913, 'later', new OverflowError('too much')],
    [4912, 'spread out', new TimeoutError('lifetime', 1)],
    [4907, 'no', new CodecError('what?', { closeCode: 1007 })],
    [4909, 'no', new ProtocolError('too big', { closeCode: 1009 })],
  ])('in a browser, over an error, with %d: retry %s', (code, retry, cause) => {
    expect(retryAfter(close({ code, by: 'local', sent: code, received: code, cause }))).toBe(retry)
  })

  test('before open is clean and final', () => {
    const ended = close({ code: 1006, wasClean: false, by: 'local' })
    expect(isClean(ended)).toBe(true)
    expect(mayReconnect(ended)).toBe(false)
  })

  test.each<[string, Partial<Close>]>([
    ['is not answered', { sent: 1000, cause: new TimeoutError('close', 5_000) }],
    ['is not answered, after 1012', { sent: 1012, cause: new TimeoutError('close', 5_000) }],
    ['is never sent', { cause: new TimeoutError('close', 5_000) }],
    ['stalls', { cause: new TimeoutError('stall', 30_000) }],
    ['is cut short by the network', { sent: 1001, cause: new ConnectionLostError('reset') }],
  ])('that %s is final, and not clean', (_, known) => {
    const ended = close({ code: 1006, wasClean: false, by: 'local', ...known })
    expect(mayReconnect(ended)).toBe(false)
    expect(isClean(ended)).toBe(false)
  })

  test.each<[sent: number, cause: Error, retry: Retry]>([
    [1002, new ProtocolError('bit', { closeCode: 1002 }), 'no'],
    [1007, new ProtocolError('utf8', { closeCode: 1007 }), 'no'],
    [1009, new ProtocolError('size', { closeCode: 1009 }), 'no'],
    [1003, new CodecError('kind', { closeCode: 1003 }), 'no'],
    [1007, new CodecError('text', { closeCode: 1007 }), 'no'],
    [1008, new TimeoutError('idle', 1), 'no'],
    [1011, new ApplicationError('writer', boom), 'a few times'],
    [1011, new CodecError('value', { closeCode: 1011 }), 'a few times'],
    [1012, new TimeoutError('lifetime', 1), 'spread out'],
    [1013, new OverflowError('full'), 'later'],
    [1013, new TimeoutError('stall', 1), 'later'],
  ])('with %d for %s: retry %s, answered or not', (sent, cause, retry) => {
    for (const code of [sent, 1006]) {
      const ended = close({ code, by: 'local', sent, cause })
      expect(retryAfter(ended)).toBe(retry)
      expect(mayReconnect(ended)).toBe(retry !== 'no')
      expect(isClean(ended)).toBe(false)
    }
  })
})

describe('the endings', () => {
  test('have each code once, in order, and every code below 3000 that may be sent', () => {
    const codes = endings.map(({ code }) => code)
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b))
    const sendable = Array.from({ length: 2_000 }, (_, at) => 1_000 + at).filter(isSendable)
    expect(codes).toEqual(expect.arrayContaining(sendable))
    expect(endings.every(({ meaning }) => meaning.length > 0)).toBe(true)
  })
})

describe('throwUnclean', () => {
  test.each<[string, (peer: { close(code?: number): void }) => void]>([
    ['1000', peer => peer.close(1000)],
    ['no code', peer => peer.close()],
  ])('completes for %s of the peer', (_, end) => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => NEVER)
      peer.sends('1s a')
      at('2s', () => end(peer))
      expectStream(connection.messages.pipe(throwUnclean(connection))).toBe('1s a 999ms |')
    })
  })

  test('completes for what this side asked for', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection } = accept(() => NEVER)
      at('2s', () => connection.close(4000))
      expectStream(connection.messages.pipe(throwUnclean(connection))).toBe('2s |')
    })
  })

  test('errors with the ClosedError of anything else, after all messages', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => NEVER)
      peer.sends('1s a')
      at('2s', () => peer.close(4001, 'enough'))
      expectStream(connection.messages.pipe(throwUnclean(connection))).toBe(
        '1s a 999ms #',
        {},
        like({
          code: 'ERR_CLOSED',
          message: 'The connection closed with 4001: enough',
          close: like({ code: 4001, by: 'peer' }),
        }),
      )
    })
  })

  test('keeps the cause', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => NEVER)
      at('2s', () => peer.end())
      expectStream(connection.messages.pipe(throwUnclean(connection))).toBe(
        '2s #',
        {},
        like({ cause: like({ code: 'ERR_CONNECTION_LOST' }) }),
      )
    })
  })

  test('lets catchError answer', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => NEVER)
      at('2s', () => peer.cut())
      const messages = connection.messages.pipe(
        throwUnclean(connection),
        catchError((error: unknown) => of(error instanceof ClosedError ? 'gone' : 'what')),
      )
      expectStream(messages).toBe('2s (g|)', { g: 'gone' })
    })
  })

  test('lets retry take the next connection', () => {
    virtualTime(({ accept, expectStream }) => {
      const made = [accept(() => NEVER), accept(() => NEVER)]
      made[0]?.peer.sends('1s a 999ms #')
      made[1]?.peer.sends('1s x 2s b 1s |')
      const next = made.map(({ connection }) => connection).values()
      const messages = defer(() => {
        const { value: connection } = next.next()
        return connection ? connection.messages.pipe(throwUnclean(connection)) : NEVER
      }).pipe(retry({ delay: 500 }))
      expectStream(messages).toBe('1s a 2s b 1s |')
    })
  })

  test('says how it ended also to who comes late', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => NEVER)
      at('1s', () => peer.end())
      const late = new Subject<unknown>()
      at('2s', () => connection.messages.pipe(throwUnclean(connection)).subscribe(late))
      expectStream(late).toBe('2s #', {}, like({ code: 'ERR_CLOSED' }))
    })
  })

  test('behind a stream that ends earlier waits for the connection; before it, it does not', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(() => NEVER)
      peer.sends('1s a')
      at('3s', () => peer.close(1000))
      const { messages } = connection
      expectStream(messages.pipe(take(1), throwUnclean(connection))).toBe('1s a 1999ms |')
      expectStream(messages.pipe(throwUnclean(connection), take(1))).toBe('1s (a|)')
    })
  })

  test('passes on an error of the stream itself, and does not ask for the ending', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
      ({ cold, expectObservable, expectSubscriptions }) => {
        const closed = cold<Close>('-----(c|)', { c: close({ code: 1001 }) })
        const source = cold('-a-#', undefined, boom)
        expectObservable(source.pipe(throwUnclean({ closed }))).toBe('-a-#', undefined, boom)
        expectSubscriptions(closed.subscriptions).toBe([])
      },
    )
  })

  test('is let go with the stream', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
      ({ cold, expectObservable, expectSubscriptions }) => {
        const closed = cold<Close>('----------(c|)', { c: close({ code: 1001 }) })
        const source = concat(cold('-a|'))
        expectObservable(source.pipe(throwUnclean({ closed })), '-----!').toBe('-a')
        expectSubscriptions(closed.subscriptions).toBe('--^--!')
      },
    )
  })
})
