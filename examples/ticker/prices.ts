/** Prices: a fast source, shared by all who watch: 2,000 changes a second. */

import { concatMap, from, interval, map, share } from 'rxjs'

export interface Price {
  symbol: string
  price: number
}

const book = new Map([
  ['ALDER', 128],
  ['BIRCH', 42.5],
  ['CEDAR', 310],
  ['ELM', 17.25],
  ['HAZEL', 86],
  ['LARCH', 204],
  ['ROWAN', 9.75],
  ['YEW', 561],
])

/** Each price takes a small step up or down, five times in 20 ms. */
export const prices = interval(20).pipe(
  concatMap(() => from([...book.keys()].flatMap(symbol => Array<string>(5).fill(symbol)))),
  map((symbol): Price => {
    const price = (book.get(symbol) ?? 1) * (1 + (Math.random() - 0.5) / 2_000)
    book.set(symbol, price)
    return { symbol, price }
  }),
  share(),
)
