import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Place, Places } from '../../src/server/places.js'

const taken = (place: ReturnType<Places['take']>) => {
  if (!(place instanceof Place)) throw new Error(`${place.status} ${place.message}`)
  return () => place.leave()
}

describe('places', () => {
  test('are so many in all: one more is a 503', () => {
    const places = new Places(2, undefined)
    const leave = taken(places.take('a'))
    taken(places.take('a'))
    expect(places.take('b')).toMatchObject({ status: 503, headers: { 'Retry-After': '30' } })
    leave()
    taken(places.take('b'))
  })

  test('are so many for one address: one more is a 429', () => {
    const places = new Places(10, 1)
    const leave = taken(places.take('203.0.113.7'))
    expect(places.take('203.0.113.7')).toMatchObject({
      status: 429,
      headers: { 'Retry-After': '30' },
    })
    expect(places.take('::ffff:203.0.113.7')).toMatchObject({ status: 429 })
    taken(places.take('203.0.113.8'))
    leave()
    taken(places.take('203.0.113.7'))
  })

  test('of one network of IPv6 are one address’s', () => {
    const places = new Places(10, 1)
    taken(places.take('2001:db8::1'))
    expect(places.take('2001:db8::2')).toMatchObject({ status: 429 })
    taken(places.take('2001:db8:0:1::1'))
  })

  test('are given back once, however often that is said', () => {
    const places = new Places(2, 2)
    const leave = taken(places.take('a'))
    taken(places.take('a'))
    leave()
    leave()
    taken(places.take('a'))
    expect(places.take('b')).toMatchObject({ status: 503 })
  })

  test('are as many as were taken and not given back, whatever the order', () => {
    const step = fc.record({ address: fc.constantFrom('a', 'b', 'c'), leaves: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const places = new Places(5, 3)
        const here: { address: string; leave: () => void }[] = []
        for (const { address, leaves } of steps) {
          if (leaves) {
            here.shift()?.leave()
            continue
          }
          const place = places.take(address)
          const own = here.filter(each => each.address === address).length
          if (here.length >= 5) expect(place).toMatchObject({ status: 503 })
          else if (own >= 3) expect(place).toMatchObject({ status: 429 })
          else here.push({ address, leave: taken(place) })
        }
      }),
      { seed: 8 },
    )
  })
})
