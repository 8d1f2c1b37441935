// Prices that change faster than anybody paints: of each symbol the newest goes out, and no other.
import type { Observable } from 'rxjs'
import { json } from 'rivulet'
import { serve } from 'rivulet/server'
import { z } from 'zod'
import { site } from '../site.js'
import { type Price, prices } from './prices.js'

/** `ready`: the page has painted what it got. */
const Ready = z.literal('ready')

/** The newest of each symbol that changed, and how many older ones nobody had to see. */
export interface Batch {
  prices: Record<string, number>
  replaced: number
}

export function ticker(port: number) {
  return serve(
    {
      port,
      path: '/ws',
      codec: json({ in: Ready, out: z.custom<Batch>() }),
      request: site(import.meta.url),
    },
    connection => batches(connection, prices),
  )
}

/** A batch for each `ready`; what changes while one waits to be sent is in the next. */
export async function* batches(
  ready: AsyncIterable<'ready'>,
  prices: Observable<Price>,
): AsyncGenerator<Batch> {
  let newest = new Map<string, number>()
  let seen = 0
  const source = prices.subscribe(({ symbol, price }) => {
    newest.set(symbol, price)
    seen++
  })
  try {
    for (const asked = ready[Symbol.asyncIterator](); !(await asked.next()).done;) {
      const batch = { prices: Object.fromEntries(newest), replaced: seen - newest.size }
      newest = new Map()
      seen = 0
      yield batch
    }
  } finally {
    source.unsubscribe()
  }
}
