import { describe, expect, test } from 'vitest'
import { HandshakeError } from 'rivulet'
import { askedToWait, waitBefore } from '../../src/client/backoff.js'

const bounds = { from: 250, to: 30_000 }
const [least, most] = [() => 0, () => 1]

describe('the wait', () => {
  test('is from nothing to a most that doubles, up to the cap', () => {
    const waits = [0, 1, 2, 3, 6, 7, 8, 50, 2_000].map(failures => [
      waitBefore('backoff', failures, bounds, least),
      waitBefore('backoff', failures, bounds, most),
    ])
    expect(waits.map(([from]) => from)).toEqual(Array(9).fill(0))
    expect(waits.map(([, to]) => to)).toEqual([
      250, 500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000, 30_000,
    ])
  })

  test('is left to chance all the way', () => {
    expect(waitBefore('backoff', 1, bounds, () => 0.5)).toBe(250)
  })

  test('of those who were sent away together is spread over 5 s, from the first on', () => {
    expect(waitBefore('spread out', 0, bounds, least)).toBe(0)
    expect(waitBefore('spread out', 0, bounds, most)).toBe(5_000)
    expect(waitBefore('spread out', 6, bounds, most)).toBe(16_000)
    expect(waitBefore('spread out', 0, { from: 10, to: 1_000 }, most)).toBe(1_000)
  })

  test('for a server with too much to do is long: half of the most at least', () => {
    expect(waitBefore('later', 0, bounds, least)).toBe(15_000)
    expect(waitBefore('later', 9, bounds, most)).toBe(30_000)
  })
})

describe('Retry-After', () => {
  const asked = (headers: HandshakeError['headers'], now = 0) =>
    askedToWait(new HandshakeError('refused', { status: 503, headers }), now)

  test.each([
    ['7', 7_000],
    [' 0 ', 0],
    ['3600', 3_600_000],
  ])('of %j seconds is %d ms', (value, wait) => {
    expect(asked({ 'retry-after': value })).toBe(wait)
  })

  test('as a date counts from the date of the answer, whatever the time is here', () => {
    const headers = {
      date: 'Sat, 28 Nov 2026 12:00:00 GMT',
      'retry-after': 'Sat, 28 Nov 2026 12:00:30 GMT',
    }
    expect(asked(headers, Date.UTC(1999, 0))).toBe(30_000)
  })

  test('as a date counts from now where the answer has none, or one that makes no sense', () => {
    const now = Date.UTC(2026, 10, 28, 12)
    const headers = { 'retry-after': 'Sat, 28 Nov 2026 12:00:30 GMT' }
    expect(asked(headers, now)).toBe(30_000)
    expect(asked({ ...headers, date: 'today' }, now)).toBe(30_000)
  })

  test('in the past, of another form, or absent asks for nothing', () => {
    const now = Date.UTC(2026, 10, 28, 12)
    expect(asked({ 'retry-after': 'Sat, 28 Nov 2026 11:00:00 GMT' }, now)).toBe(0)
    for (const value of ['soon', '-5', '1.5', '1e3', '']) {
      expect(asked({ 'retry-after': value })).toBe(0)
    }
    expect(asked({ 'retry-after': ['1', '2'] })).toBe(0)
    expect(asked({})).toBe(0)
  })

  test('is never more than an hour', () => {
    expect(asked({ 'retry-after': '999999999999' })).toBe(3_600_000)
    expect(asked({ 'retry-after': 'Sat, 28 Nov 2099 12:00:30 GMT' })).toBe(3_600_000)
  })
})
