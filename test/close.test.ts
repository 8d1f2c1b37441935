import { expect, test } from 'vitest'
import { CloseCode, isSendable } from 'rivulet'
import { cutReason } from '../src/close.js'

test('only 1000–1003, 1007–1014 and 3000–4999 may be sent', () => {
  const sendable = Array.from({ length: 6_000 }, (_, code) => code).filter(isSendable)
  const expected = [...range(1000, 1003), ...range(1007, 1014), ...range(3000, 4999)]
  expect(sendable).toEqual(expected)
  for (const odd of [1000.5, NaN, Infinity, -1000]) expect(isSendable(odd)).toBe(false)
})

test('no code, no frame: the codes that are never sent have names too', () => {
  expect(Object.values(CloseCode).filter(code => !isSendable(code))).toEqual([1005, 1006])
})

test.each([
  ['', ''],
  ['short', 'short'],
  ['a'.repeat(123), 'a'.repeat(123)],
  ['a'.repeat(124), 'a'.repeat(123)],
  ['é'.repeat(62), 'é'.repeat(61)],
  ['€'.repeat(41), '€'.repeat(41)],
  ['€'.repeat(42), '€'.repeat(41)],
  ['😀'.repeat(31), '😀'.repeat(30)],
  [`${'a'.repeat(121)}😀`, 'a'.repeat(121)],
])('a reason is cut to 123 bytes at a character border: %#', (reason, cut) => {
  expect(cutReason(reason)).toBe(cut)
  expect(Buffer.byteLength(cutReason(reason))).toBeLessThanOrEqual(123)
})

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
