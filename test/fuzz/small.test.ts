/** A fiftieth of what `npm run soak` plays, with the same seed. */

import { expect, test } from 'vitest'
import { checkLeaks } from '../wire/leak-check.js'
import { fuzzClients, fuzzHandshakes, fuzzServer } from './run.js'

checkLeaks()

const size = { seed: 9, count: 2_000 }
const sum = (tally: Record<string, number>) =>
  Object.values(tally).reduce((all, each) => all + each, 0)

test('2,000 handshakes are answered with a status each, and a neighbour is served', async () => {
  const tally = await fuzzHandshakes(size)
  expect(sum(tally)).toBeGreaterThan(2_000)
  // all kinds have come up
  for (const status of [101, 400, 403, 405, 426]) expect(tally).toHaveProperty(`${status}`)
})

test('2,000 sequences of frames end each connection of a server once', async () => {
  const tally = await fuzzServer(size)
  for (const end of ['local 1006', 'peer 1000', 'network 1006']) expect(tally).toHaveProperty(end)
})

test('2,000 sequences of frames end each connection of a client once', async () => {
  const tally = await fuzzClients(size)
  expect(sum(tally)).toBe(2_000)
  for (const end of ['local 1006', 'peer 1000', 'network 1006']) expect(tally).toHaveProperty(end)
})
