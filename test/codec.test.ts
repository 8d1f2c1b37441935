import { describe, expect, test } from 'vitest'
import { type Codec, CodecError } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

const strange: Record<string, unknown> = {
  'an object without a prototype': Object.create(null) as unknown,
  'a symbol': Symbol('x'),
  nothing: undefined,
  'an object that has no words': {
    toString() {
      throw new Error('none')
    },
  },
}

const throwing = (thrown: unknown): Codec<string> => ({
  decode() {
    throw thrown
  },
  encode() {
    throw thrown
  },
})

describe('a codec that throws', () => {
  test.each(Object.entries(strange))('%s closes its connection, and no more', (_, thrown) => {
    virtualTime(({ accept, expectClose }) => {
      const codec = throwing(thrown)
      const inward = accept(({ read }) => void read(() => undefined), { codec })
      inward.peer.sends('1s a')
      expectClose(inward.connection, '1s', { code: 1007, cause: like({ cause: thrown }) })
      const outward = accept(({ send }) => void send('a'), { codec })
      expectClose(outward.connection, '0s', { code: 1011, cause: like({ cause: thrown }) })
      const handler = accept(() => {
        throw thrown
      })
      expectClose(handler.connection, '0s', { code: 1011, cause: like({ cause: thrown }) })
    })
  })

  test('a long text reports its beginning; the cause has it all', () => {
    virtualTime(({ accept, expectClose }) => {
      const error = new Error('x'.repeat(1024 * 1024))
      const { connection, peer } = accept(({ read }) => void read(() => undefined), {
        codec: throwing(error),
      })
      peer.sends('1s a')
      expectClose(connection, '1s', {
        cause: like({ message: 'x'.repeat(200), cause: error }),
      })
    })
  })

  test('a CodecError chooses the close code', () => {
    virtualTime(({ accept, expectClose }) => {
      const { connection, peer } = accept(({ read }) => void read(() => undefined), {
        codec: throwing(new CodecError('old version', { closeCode: 4002 })),
      })
      peer.sends('1s a')
      expectClose(connection, '1s', { code: 4002, by: 'local' })
    })
  })
})

test.each([1005, 1006, 999, NaN])('a CodecError refuses the close code %d', closeCode => {
  expect(() => new CodecError('no', { closeCode })).toThrow(TypeError)
})

describe('onInvalid', () => {
  test.each<[string, unknown]>([
    ['a promise', Promise.resolve('drop')],
    ['another word', 'ignore'],
    ['an object without a reply', {}],
    ['a number', 5],
  ])('that gives %s closes with 1011', (_, given) => {
    virtualTime(({ accept, expectClose }) => {
      const codec: Codec<string> = {
        ...throwing(new Error('no')),
        onInvalid: () => given as 'drop',
      }
      const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec })
      peer.sends('1s a')
      expectClose(connection, '1s', { code: 1011, cause: like({ where: 'codec' }) })
    })
  })

  test.each([undefined, null])('that gives %s closes as if there were none', given => {
    virtualTime(({ accept, expectClose }) => {
      const codec = { ...throwing(new Error('no')), onInvalid: () => given as unknown as 'drop' }
      const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec })
      peer.sends('1s a')
      expectClose(connection, '1s', { code: 1007 })
    })
  })

  test('whose reply can not be encoded closes with 1011', () => {
    virtualTime(({ accept, expectClose }) => {
      const codec = { ...throwing(new Error('no')), onInvalid: () => ({ reply: 'sorry' }) }
      const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec })
      peer.sends('1s a')
      expectClose(connection, '1s', { code: 1011, cause: like({ code: 'ERR_CODEC' }) })
    })
  })
})
