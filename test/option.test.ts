import { expect, test } from 'vitest'
import { duration, group, shaped, text, whole } from '../src/option.js'

test.each([Infinity, 2 ** 31, 0, -1, NaN, '5s', null, true, [], {}, 5n])(
  'a duration of %s is refused with its name, its value and what is allowed',
  value => {
    expect(() => duration('serve: timeouts.close', value, 5_000)).toThrow(TypeError)
    expect(() => duration('serve: timeouts.close', value, 5_000)).toThrow(
      /^serve: timeouts\.close: .* is not a duration of more than 0 and less than 2\^31 ms, or false for off$/,
    )
  },
)

test('a duration is taken as it is, has a preset, and can be off', () => {
  expect(duration('d', 0.5, 1)).toBe(0.5)
  expect(duration('d', 2 ** 31 - 1, 1)).toBe(2 ** 31 - 1)
  expect(duration('d', undefined, 1)).toBe(1)
  expect(duration('d', undefined, undefined)).toBeUndefined()
  expect(duration('d', false, 1)).toBeUndefined()
})

test.each([0, 11, 1.5, NaN, '5', null])('%s is no whole number from 1 to 10', value => {
  expect(() => whole('n', value, 1, 1, 10)).toThrow(/^n: .* is not a whole number from 1 to 10$/)
})

test('a group refuses a name that nobody reads', () => {
  expect(() => group('serve', { prot: 1 }, ['port' as never])).toThrow(
    'serve.prot is not an option; there are: port',
  )
  expect(() => group('serve', null as unknown as object, [])).toThrow(
    'serve: null is not an object',
  )
})

test('an object must have the methods that are called on it', () => {
  expect(() => shaped('codec', { decode: 1 }, {}, ['decode'])).toThrow(
    'codec: an object is not an object with decode()',
  )
})

test('a text must have its form', () => {
  expect(text('path', '/ws', /^\//, 'a path')).toBe('/ws')
  expect(() => text('path', 'ws', /^\//, 'a path')).toThrow('path: "ws" is not a path')
})
