import { expect, test } from 'vitest'
import { virtualTime } from 'rivulet/testing'
import { milliseconds, written } from '../../src/testing/duration.js'

test.each([
  ['5s', 5_000],
  ['250ms', 250],
  ['1m', 60_000],
  ['1h', 3_600_000],
  ['1m 30s', 90_000],
  ['1m30s', 90_000],
  ['1h 1m 1s 1ms', 3_661_001],
  ['1.5s', 1_500],
  ['0s', 0],
  [' 5s ', 5_000],
  [40, 40],
  [0, 0],
])('%j is %d ms', (duration, ms) => {
  expect(milliseconds(duration)).toBe(ms)
})

test.each(['', '5', 's', '5 s', '5sec', '-5s', '5s later', '1d', -1, NaN])(
  '%j is refused, with an error that shows how durations are written',
  duration => {
    expect(() => milliseconds(duration)).toThrow(
      new TypeError(`'${duration}' is not a duration such as 5s, 1m 30s, 250ms, or a number of ms`),
    )
  },
)

test.each([
  [0, '0s'],
  [1, '1ms'],
  [999, '999ms'],
  [1_000, '1s'],
  [4_999, '4.999s'],
  [60_000, '1m'],
  [90_001, '1m 30.001s'],
  [3_600_000, '60m'],
])('%d ms are shown as %j', (ms, text) => {
  expect(written(ms)).toBe(text)
})

test('a bad duration is refused wherever a script may say one', () => {
  virtualTime(({ at, connect, expectClose }) => {
    expect(() => at('soon', () => {})).toThrow(TypeError)
    expect(() => connect(undefined, { opens: 'soon' })).toThrow(TypeError)
    expect(() => expectClose(connect().connection, 'soon', {})).toThrow(TypeError)
  })
  expect(() => virtualTime(() => {}, { until: 'soon' })).toThrow(TypeError)
})
