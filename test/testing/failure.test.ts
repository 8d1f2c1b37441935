import { concat, interval, map, NEVER, of, take, throwError, timer } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { like, virtualTime, type VirtualTime } from 'rivulet/testing'

/** What a test that fails says. */
function failure(script: (time: VirtualTime) => void): string {
  try {
    virtualTime(script)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('It did not fail')
}

const says = (...messages: string[]) => concat(of(...messages), NEVER)

describe('a failure shows expected and actual above each other', () => {
  test('when something came at another time', () => {
    expect(
      failure(({ accept, expectStream }) => {
        const { peer } = accept(() =>
          interval(5_000).pipe(
            take(3),
            map(() => 'hello'),
          ),
        )
        expectStream(peer.received).toBe('5s h 3999ms h 5s h', { h: 'hello' })
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: peer.received).toBe('5s h 3999ms h 5s h'): not as expected at 9s

                  5s  9s  10s  14.001s  15s
      expected  ──h───h────────h─────────────
      actual    ──h───────h─────────────h────
                      ▲

      h = "hello""
    `)
  })

  test('when another value came', () => {
    expect(
      failure(({ accept, expectStream }) => {
        const { peer } = accept(() => says('hallo'))
        expectStream(peer.received).toBe('h', { h: 'hello' })
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: peer.received).toBe('h'): not as expected at 0s

                  0s
      expected  ──h───
      actual    ──A───
                  ▲

      h = "hello"
      A = "hallo""
    `)
  })

  test('when something is missing', () => {
    expect(
      failure(({ accept, expectStream }) => {
        const { peer } = accept(() => says('a'))
        expectStream(peer.received).toBe('a 1m b')
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: peer.received).toBe('a 1m b'): not as expected at 1m 0.001s

                  0s  1m 0.001s
      expected  ──a───b──────────
      actual    ──a──────────────
                      ▲

      a = "a"
      b = "b""
    `)
  })

  test('when too much came', () => {
    expect(
      failure(({ accept, expectStream }) => {
        const { peer } = accept(() => says('a', 'b', 'c'))
        expectStream(peer.received).toBe('a')
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: peer.received).toBe('a'): not as expected at 0s

                  0s
      expected  ──a──────
      actual    ──(abc)──
                  ▲

      a = "a"
      b = "b"
      c = "c""
    `)
  })

  test('when something came at all', () => {
    expect(
      failure(({ accept, expectStream }) => {
        expectStream(accept(() => of('a')).peer.frames).toBe('')
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: peer.frames).toBe(''): not as expected at 0s

                  0s
      expected  ────────
      actual    ──(AB)──
                  ▲

      A = {"text":"a"}
      B = {"close":1000,"reason":""}"
    `)
  })

  test('when a stream erred', () => {
    expect(
      failure(({ expectStream }) => {
        const failing = concat(
          timer(1_000),
          throwError(() => new TypeError('no')),
        )
        expectStream(failing).toBe('1s (0|)', { 0: 0 })
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(…).toBe('1s (0|)'): not as expected at 1s

                  1s
      expected  ──(0|)──
      actual    ──(0#)──
                  ▲

      0 = 0
      # = TypeError: no"
    `)
  })

  test('when a stream erred otherwise', () => {
    expect(
      failure(({ expectStream }) => {
        expectStream(throwError(() => new TypeError('no'))).toBe('#', {}, new TypeError('yes'))
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(…).toBe('#'): not as expected at 0s

                  0s
      expected  ──#───
      actual    ──#2──
                  ▲

      # = TypeError: yes
      #2 = TypeError: no"
    `)
  })

  test('when a stream did not complete', () => {
    expect(
      failure(({ accept, expectStream }) => {
        const { connection, peer } = accept()
        peer.sends('1s a')
        expectStream(connection.messages).toBe('1s a 999ms |')
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: messages).toBe('1s a 999ms |'): not as expected at 2s

                  1s  2s
      expected  ──a───|───
      actual    ──a───────
                      ▲

      a = "a""
    `)
  })

  test('when bytes are others', () => {
    expect(
      failure(({ accept, expectStream }) => {
        const { connection, peer } = accept()
        peer.sends('(ab)', { a: new Uint8Array([1, 2, 3]), b: new Uint8Array(20).fill(7) })
        expectStream(connection.messages).toBe('(ab)', {
          a: new Uint8Array([1, 2, 4]),
          b: new Uint8Array(20).fill(7),
        })
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: messages).toBe('(ab)'): not as expected at 0s

                  0s
      expected  ──(ab)──
      actual    ──(Ab)──
                  ▲

      a = 3 bytes 1 2 4
      b = 20 bytes 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7
      A = 3 bytes 1 2 3"
    `)
  })

  test('when a connection closed otherwise', () => {
    expect(
      failure(({ accept, at, expectClose }) => {
        const { connection, peer } = accept()
        at('12s', () => peer.close(1001))
        expectClose(connection, '12s', { code: 4001, by: 'peer', reason: 'bye' })
      }),
    ).toMatchInlineSnapshot(`
      "expectClose of server-1 at 12s: not as expected at 12s

                  12s
      expected  ──(A|)──
      actual    ──(B|)──
                  ▲

      A = {"code":4001,"by":"peer","reason":"bye"}
      B = {"code":1001,"reason":"","wasClean":true,"by":"peer","sent":1001,"received":1001}"
    `)
  })

  test('when a connection did not close', () => {
    expect(
      failure(({ accept, expectClose }) => {
        expectClose(accept().connection, '5s', { code: 1000 })
      }),
    ).toMatchInlineSnapshot(`
      "expectClose of server-1 at 5s: not as expected at 5s

                  5s
      expected  ──(A|)──
      actual    ────────
                  ▲

      A = {"code":1000}"
    `)
  })

  test('when a part is not as it should be', () => {
    expect(
      failure(({ connect, at, expectClose }) => {
        const { connection, peer } = connect(undefined, { opens: false })
        at('1s', () => peer.refuse(401))
        expectClose(connection, '1s', { code: 1006, cause: like({ status: 403 }) })
      }),
    ).toMatchInlineSnapshot(`
      "expectClose of client-1 at 1s: not as expected at 1s

                  1s
      expected  ──(A|)──
      actual    ──(B|)──
                  ▲

      A = {"code":1006,"cause":{"status":403}}
      B = {"code":1006,"reason":"","wasClean":false,"by":"peer","cause":[HandshakeError: The server answered 401] {"status":401}}"
    `)
  })

  test('of all that failed in a run', () => {
    expect(
      failure(({ accept, expectStream, expectClose }) => {
        const { connection, peer } = accept(() => of('a'))
        expectStream(peer.received).toBe('b')
        expectClose(connection, '1s', { code: 1000 })
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: peer.received).toBe('b'): not as expected at 0s

                  0s
      expected  ──b───
      actual    ──a───
                  ▲

      b = "b"
      a = "a"

      expectClose of server-1 at 1s: not as expected at 0s

                  0s    1s
      expected  ────────(A|)──
      actual    ──(A|)────────
                  ▲

      A = {"code":1000}"
    `)
  })

  test('cut where a value is long', () => {
    expect(
      failure(({ accept, expectStream }) => {
        expectStream(accept(() => says('x'.repeat(500))).peer.received).toBe('')
      }),
    ).toMatchInlineSnapshot(`
      "expectStream(server-1: peer.received).toBe(''): not as expected at 0s

                  0s
      expected  ──────
      actual    ──A───
                  ▲

      A = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
    `)
  })
})

test('a failure points at the line of the test', () => {
  try {
    virtualTime(({ expectStream }) => {
      expectStream(NEVER).toBe('a')
    })
    expect.unreachable()
  } catch (error) {
    expect((error as Error).stack).toContain('failure.test.ts')
  }
})
