import { describe, expect, test } from 'vitest'
import { like } from 'rivulet/testing'
import { equal } from '../../src/testing/equal.js'

describe('equality', () => {
  test.each<[string, unknown, unknown]>([
    ['values', 'a', 'a'],
    ['NaN', NaN, NaN],
    ['members, in any order', { a: 1, b: [2, { c: 3 }] }, { b: [2, { c: 3 }], a: 1 }],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ['the bytes of a Buffer', Buffer.from([1, 2]), new Uint8Array([1, 2])],
    ['dates', new Date(5), new Date(5)],
    ['maps', new Map([['a', { b: 1 }]]), new Map([['a', { b: 1 }]])],
    ['sets', new Set([1, 2]), new Set([1, 2])],
    ['errors of one name and message', new TypeError('x'), new TypeError('x')],
  ])('goes by value: %s', (_, a, b) => {
    expect(equal(a, b)).toBe(true)
  })

  test.each<[string, unknown, unknown]>([
    ['a text and a number', '1', 1],
    ['a member more', { a: 1, b: 2 }, { a: 1 }],
    ['a member less', { a: 1 }, { a: 1, b: 2 }],
    ['a member that is undefined and one that is not there', { a: undefined }, {}],
    ['an object and an array', { 0: 1 }, [1]],
    ['an object and null', {}, null],
    ['an array in another order', [1, 2], [2, 1]],
    ['other bytes', new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    ['fewer bytes', Buffer.from([1]), new Uint8Array([1, 2])],
    [
      'another class',
      new (class A {
        a = 1
      })(),
      { a: 1 },
    ],
    ['another date', new Date(5), new Date(6)],
    ['another message', new Error('x'), new Error('y')],
    ['another name', new Error('x'), new TypeError('x')],
    ['an error and a text', 'Error: x', new Error('x')],
  ])('tells apart: %s', (_, a, b) => {
    expect(equal(a, b)).toBe(false)
  })
})

describe('like', () => {
  const close = { code: 1011, reason: '', cause: { where: 'writer', cause: new Error('x') } }

  test.each<[string, unknown]>([
    ['no member', like({})],
    ['some members', like({ code: 1011 })],
    ['parts of parts', like({ cause: like({ cause: new Error('x') }) })],
  ])('asks for %s', (_, expected) => {
    expect(equal(close, expected)).toBe(true)
  })

  test.each<[string, unknown]>([
    ['has another value', like({ code: 1000 })],
    ['is not there', like({ codes: 1011 })],
    ['is itself not whole', like({ cause: { where: 'writer' } })],
  ])('is not met by a member that %s', (_, expected) => {
    expect(equal(close, expected)).toBe(false)
  })

  test.each(['text', 7, null, undefined])('is not met by %j', value => {
    expect(equal(value, like({}))).toBe(false)
  })

  test('leaves what it was given as it was', () => {
    const members = { code: 1 }
    like(members)
    expect(equal({ code: 1, more: 2 }, members)).toBe(false)
  })
})
