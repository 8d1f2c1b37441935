import { EMPTY, of, timer } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type OneEndedOptions, virtualTime, type VirtualTime } from 'rivulet/testing'

const run = (script: (time: VirtualTime) => void, until = '1m') => {
  virtualTime(script, { until })
}

describe('what can not be meant fails the run, and says what to say instead', () => {
  test.each<[string, RegExp, (time: VirtualTime) => void]>([
    [
      'refusing a handshake that completes by itself',
      /peer\.refuse: .*opens: false/,
      ({ connect }) => connect().peer.refuse(503),
    ],
    [
      'opening a connection that opens by itself',
      /peer\.open: .*opens: false/,
      ({ connect }) => connect(undefined, { opens: '1s' }).peer.open(),
    ],
    [
      'refusing what was accepted',
      /peer\.refuse: .*connect/,
      ({ accept }) => accept().peer.refuse(503),
    ],
    ['opening what was accepted', /peer\.open: .*connect/, ({ accept }) => accept().peer.open()],
    [
      'sending before open',
      /peer\.sends: the connection is not open yet/,
      ({ connect }) => connect(undefined, { opens: '2s' }).peer.sends('1s a'),
    ],
    [
      'closing before open',
      /peer\.close: the connection is not open yet/,
      ({ connect }) => connect(undefined, { opens: '2s' }).peer.close(1000),
    ],
    [
      'an accepted connection that opens later',
      /accept: .*connect\(handler, \{ opens \}\)/,
      ({ accept }) => accept(undefined, { opens: '1s' } as OneEndedOptions<string, string>),
    ],
    [
      'a wire option that is none of the connection',
      /accept: latency is of the wire; say \{ wire: \{ latency/,
      ({ accept }) => accept(undefined, { latency: 5 } as OneEndedOptions<string, string>),
    ],
    [
      'an option that there is not',
      /accept: options\.wires is not an option/,
      ({ accept }) => accept(undefined, { wires: {} } as OneEndedOptions<string, string>),
    ],
    [
      'an option that a link has not',
      /link: options\.wire is not an option/,
      ({ link }) => link({}, { wire: {} } as never),
    ],
    ['latency less than none', /'-1' is not a duration/, ({ link }) => link({}, { latency: -1 })],
    [
      'jitter that is no number',
      /'NaN' is not a duration/,
      ({ link }) => link({}, { jitter: NaN }),
    ],
    [
      'a wire that takes nothing',
      /bandwidth: 0 .* stall/,
      ({ link }) => link({}, { bandwidth: 0 }),
    ],
    [
      'an expectation of nothing',
      /expectStream\(server-1: peer\.received\) expects nothing: say \.toBe/,
      ({ accept, expectStream }) => expectStream(accept().peer.received),
    ],
    [
      'a hot stream that is made too late',
      /hot: .* in the script itself/,
      ({ at, hot }) => at('1s', () => hot('a')),
    ],
    [
      'a time behind the end',
      /at\('2m'\) is behind the end of the run, 1m; give it a later until/,
      ({ at }) => at('2m', () => {}),
    ],
    [
      'a time that is over',
      /at\('1s'\): it is 2s already/,
      ({ at }) => at('2s', () => at('1s', () => {})),
    ],
    ['a run within a run', /runs do not nest/, ({ at }) => at('1s', () => run(() => {}))],
    [
      'a script that is async by another promise',
      /the script is not async/,
      () => ({ then: () => undefined }),
    ],
    [
      'an action that is async',
      /what at does is not async/,
      ({ at }) => {
        const action: () => unknown = () => Promise.resolve()
        at('1s', action)
      },
    ],
    [
      'a violation with a code that none is answered with',
      /peer\.violate: 1234 is not the answer to a violation/,
      ({ accept }) => accept().peer.violate(1234),
    ],
    [
      'a time without a space behind it',
      /'5s\(ab\)': a time needs a space before and behind it/,
      ({ expectStream }) => expectStream(EMPTY).toBe('5s(ab)'),
    ],
    [
      'a time without a space before it',
      /as '4999ms' does/,
      ({ accept }) => accept().peer.sends('5s a4999ms b'),
    ],
  ])('%s', (_, message, script) => {
    expect(() => run(script)).toThrow(message)
  })

  test('a run within a run leaves the outer one as it was', () => {
    virtualTime(({ at, expectStream }) => {
      at('1s', () => expect(() => run(() => {})).toThrow(/nest/))
      expectStream(timer(2_000)).toBe('2s (0|)', { 0: 0 })
    })
  })
})

describe('marbles', () => {
  test('may end with a time, and know hours', () => {
    virtualTime(
      ({ accept, cold, expectStream }) => {
        const { connection, peer } = accept(undefined, { heartbeat: false })
        peer.sends('1h a 5s')
        expectStream(connection.messages).toBe('1h a 5s')
        expectStream(cold('0.5h (a|)')).toBe('30m (a|)')
      },
      { until: '2h' },
    )
  })

  test('may stand for streams', () => {
    virtualTime(({ cold, expectStream }) => {
      const inner = cold('a')
      expectStream(of(inner)).toBe('(i|)', { i: inner })
    })
  })
})
