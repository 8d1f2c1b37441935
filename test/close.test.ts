import { expect, test } from 'vitest'
import { CloseCode, isSendable } from 'rivulet'
import { codeFromBrowsers, codeInBrowsers, cutReason } from '../src/close.js'

test('only 1000–1003, 1007–1014 and 3000–4999 may be sent', () => {
  const sendable = Array.from({ length: 6_000 }, (_, code) => code).filter(isSendable)
  const expected = [...range(1000, 1003), ...range(1007, 1014), ...range(3000, 4999)]
  expect(sendable).toEqual(expected)
  for (const odd of [1000.5, NaN, Infinity, -1000]) expect(isSendable(odd)).toBe(false)
})

test('no code, no frame: the codes that are never sent have names too', () => {
  expect(Object.values(CloseCode).filter(code => !isSendable(code))).toEqual([1005, 1006])
})

test('a browser sends 1000 and 3000–4999 as they are, and the others as 4900 and more', () => {
  const sendable = Array.from({ length: 5_000 }, (_, code) => code).filter(isSendable)
  for (const code of sendable) {
    const sent = codeInBrowsers(code)
    expect(sent === 1000 || (sent >= 3000 && sent <= 4999)).toBe(true)
    expect(sent === code || sent === 4900 + (code % 100)).toBe(true)
  }
  expect([1001, 1007, 1011, 1013].map(codeInBrowsers)).toEqual([4901, 4907, 4911, 4913])
})

test('a code that a browser has sent for another is known by it', () => {
  for (const code of [...range(1001, 1003), ...range(1007, 1014)]) {
    expect(codeFromBrowsers(codeInBrowsers(code))).toBe(code)
  }
  for (const code of [1000, 1006, 4899, 4900, 4904, 4905, 4906, 4915, 4999]) {
    expect(codeFromBrowsers(code)).toBe(code)
  }
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
