import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteLength } from '../src/socket.js'

test('the bytes of a text are those of its UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      expect(byteLength(text)).toBe(Buffer.byteLength(text))
    }),
    { seed: 1 },
  )
})

test('a lone surrogate has the three bytes of what replaces it', () => {
  for (const text of ['\ud800', '\udc00', '\ud800a', '\udc00\ud800', 'a\ud83d\ude00']) {
    expect(byteLength(text)).toBe(Buffer.byteLength(text))
  }
})

test('the bytes of a binary message are those of its view, not of its buffer', () => {
  expect(byteLength(new Uint8Array(new ArrayBuffer(100), 10, 20))).toBe(20)
})
