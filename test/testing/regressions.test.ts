import { from, interval, map, of, range, throwError } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { like, virtualTime, type VirtualTime } from 'rivulet/testing'
import { equal } from '../../src/testing/equal.js'

const states = { c: 'connecting', o: 'open', d: 'closed' } as const

function failure(script: (time: VirtualTime) => void): Error {
  try {
    virtualTime(script)
  } catch (error) {
    return error as Error
  }
  throw new Error('It did not fail')
}

test('what is due at the very end of a run happens, and is logged', () => {
  virtualTime(
    ({ accept, at, expectStream }) => {
      const { peer } = accept(() => interval(5_000).pipe(map(() => 'h')))
      at('20s', () => expect(peer.received.values).toHaveLength(3))
      expectStream(peer.received).toBe('5s h 4999ms h 4999ms h 4999ms h')
    },
    { until: '20s' },
  )
})

test('neighbouring seeds start far apart', () => {
  const first = Array.from({ length: 100 }, (_, seed) => {
    let drawn = 0
    virtualTime(({ random }) => (drawn = random()), { seed })
    return drawn
  })
  expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(0.9)
})

describe('equality', () => {
  const cycle = (of: number) => {
    const value: Record<string, unknown> = { of }
    value['self'] = value
    return value
  }

  test.each<[string, unknown, unknown]>([
    ['patterns', /a/, /b/],
    ['URLs', new URL('https://a.example'), new URL('https://b.example')],
    ['buffers', new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
    ['causes', new Error('x', { cause: 1 }), new Error('x', { cause: 2 })],
    ['members of errors', Object.assign(new Error('x'), { a: 1 }), new Error('x')],
    ['cycles', cycle(1), cycle(2)],
  ])('tells apart: %s', (_, a, b) => {
    expect(equal(a, b)).toBe(false)
  })

  test.each<[string, unknown, unknown]>([
    ['patterns', /a/g, /a/g],
    ['URLs', new URL('https://a.example'), new URL('https://a.example')],
    ['buffers', new Uint8Array([1]).buffer, new Uint8Array([1]).buffer],
    ['causes', new Error('x', { cause: { a: 1 } }), new Error('x', { cause: { a: 1 } })],
    ['cycles', cycle(1), cycle(1)],
  ])('goes by value: %s', (_, a, b) => {
    expect(equal(a, b)).toBe(true)
  })
})

describe('a failure', () => {
  test('shows big integers and cycles', () => {
    const cycle: Record<string, unknown> = { n: 1n }
    cycle['self'] = cycle
    const { message } = failure(({ expectStream }) => expectStream(of(cycle)).toBe('|'))
    expect(message).toContain('A = {"n":1n,"self":[circular]}')
  })

  test('gives each value a letter of its own', () => {
    const { message } = failure(({ expectStream }) => {
      const values: unknown[] = ['a', 'A', 1, 2]
      expectStream(from(values)).toBe('(ab|)', { a: 'hello', b: 2 })
    })
    expect(message).toContain('expected  ──(ab|)────')
    expect(message).toContain('actual    ──(BACb|)──')
  })

  test('has letters enough', () => {
    const { message } = failure(({ expectStream }) => {
      expectStream(range(100, 100)).toBe('')
    })
    expect(message).not.toContain('?')
    expect(new Set(message.split('\n').filter(line => line.includes(' = '))).size).toBe(100)
  })

  test('tells two errors apart, and shows in what they differ', () => {
    const { message } = failure(({ expectStream }) => {
      const [one, other] = [1, 2].map(a => Object.assign(new Error('x'), { a }))
      expectStream(throwError(() => one)).toBe('#', {}, other)
    })
    expect(message).toContain('# = Error: x {"a":2}\n#2 = Error: x {"a":1}')
  })

  test('shows the members of a cause that like asks for', () => {
    const { message } = failure(({ connect, expectClose }) => {
      const { connection, peer } = connect(undefined, { opens: false })
      peer.refuse(401)
      expectClose(connection, '0s', { cause: like({ status: 403 }) })
    })
    expect(message).toContain('[HandshakeError: The server answered 401] {"status":401}')
  })

  test('points at the line of the test first', () => {
    const { stack = '' } = failure(({ expectStream }) => expectStream(of(1)).toBe(''))
    expect(/^ +at .*$/m.exec(stack)?.[0]).toContain('regressions.test.ts')
  })
})

describe('a Close frame that RFC 6455 forbids', () => {
  test.each<[number, string]>([
    [999, ''],
    [1006, ''],
    [4000, 'x'.repeat(200)],
  ])('is a violation: %d', (code, reason) => {
    virtualTime(({ accept, at, expectClose }) => {
      const { connection, peer } = accept()
      at('1s', () => peer.close(code, reason))
      expectClose(connection, '1s', { code: 1006, by: 'local', sent: 1002 })
    })
  })
})

describe('the handshake of a link', () => {
  test('waits while the wire stalls', () => {
    virtualTime(
      ({ link, at, expectStream }) => {
        const { server, client, stall, resume } = link({}, { latency: '200ms' })
        at('100ms', () => stall())
        at('1s', () => resume())
        expectStream(server.states).toBe('c 999ms o', states)
        expectStream(client.states).toBe('c 1199ms o', states)
      },
      { until: '10s' },
    )
  })

  test('takes its part of the bandwidth', () => {
    virtualTime(
      ({ link, expectStream }) => {
        const { server, client } = link({}, { bandwidth: 1_000 })
        expectStream(server.states).toBe('c 159ms o', states)
        expectStream(client.states).toBe('c 288ms o', states)
      },
      { until: '10s' },
    )
  })
})

test('what a peer says before it cuts arrives', () => {
  virtualTime(({ accept, at, expectStream, expectClose }) => {
    const { connection, peer } = accept()
    at('1s', () => {
      peer.send('a')
      peer.cut()
    })
    expectStream(connection.messages).toBe('1s (a|)')
    expectClose(connection, '1s', { code: 1006, by: 'network' })
  })
})

test('the log shows what a one-ended connection sent, and no more of it than fits', () => {
  const { events } = virtualTime(({ accept }) => {
    accept(() => from(['x'.repeat(100), new Uint8Array(3)]))
  })
  expect(events).toContain(`0s server-1 ▶ text "${'x'.repeat(60)}…"`)
  expect(events).toContain('0s server-1 ▶ binary 3 bytes')
  expect(events).toContain('0s server-1 ▶ close 1000')
})
