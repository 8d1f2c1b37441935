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

test('the bytes of a binary message are those of its view, not of its buffer', () => {
  expect(byteLength(new Uint8Array(new ArrayBuffer(100), 10, 20))).toBe(20)
})
