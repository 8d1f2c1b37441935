/** What hostile clients get, beside one that behaves. test/bench/hostile.ts does the same at length. */

import { interval, map } from 'rxjs'
import { expect, test } from 'vitest'
import { connect } from 'rivulet'
import type { ServeOptions } from 'rivulet/server'
import { type Attack, attacks, type Outcome, type Target } from '../bench/hostile-attacks.js'
import { hostileAddress } from '../bench/hostile-connection.js'
import { opened } from './dialed.js'
import { checkLeaks } from './leak-check.js'
import { serving } from './serving.js'

checkLeaks()

const mebibyte = 1024 * 1024

/** Attacks an echo. A neighbour says a number every 10 ms, and has to get each of them back. */
async function attacked(
  attack: Attack,
  how: Partial<Target>,
  options: Partial<ServeOptions>,
): Promise<Outcome & { seconds: number }> {
  const { port, url } = await serving({ path: '/ws', ...options }, ({ messages }) => messages)
  let said = 0
  const numbers = () => interval(10).pipe(map(() => `${said++}`))
  const neighbour = await opened(connect(url, {}, numbers))

  const start = performance.now()
  const target = { port, lasts: 10_000, count: 1, pace: 20, size: 0, ...how }
  const outcome = await attacks[attack](target)
  const seconds = (performance.now() - start) / 1000

  // also one that was not said before the attack was over
  const enough = said + 1
  for (let next = 0; next < enough; next++) {
    expect(await Promise.race([neighbour.got.next(), neighbour.closed])).toBe(`${next}`)
  }
  return { ...outcome, seconds }
}

test.each(['flood', 'deafFlood'] as const)(
  'sending as fast as it goes is a 1008, as often as it is tried (%s)',
  async attack => {
    const limits = { rate: { messages: 1_000 } }
    const options = { limits, timeouts: { close: 200 } }
    expect((await attacked(attack, { count: 3 }, options)).got).toEqual({ 1008: 3 })
  },
)

test('sending as fast as it goes is held back where the limit says so', async () => {
  const limits = { rate: { messages: 1_000, beyond: 'pause' as const } }
  const flood = { lasts: 1_000 }
  const { got, echoes, bytes, seconds } = await attacked('flood', flood, { limits })
  expect(got).toEqual({ 'still open': 1 })
  expect(echoes).toBeGreaterThan(0)
  // 38 bytes are a message: two seconds' worth come at once, and what was read before it stopped
  expect(echoes).toBeLessThan(1_000 * (2 + seconds) + (128 * 1024) / 38)
  expect(bytes).toBeGreaterThan(38 * echoes)
})

test('a handshake byte by byte is a 408 once timeouts.handshake is over', async () => {
  const options = { timeouts: { handshake: 500 } }
  expect((await attacked('slowHandshake', { count: 20 }, options)).got).toEqual({ 408: 20 })
})

test('a message byte by byte is alive to the heartbeat, and a 1008 once timeouts.idle is over', async () => {
  const heartbeat = { interval: 500, timeout: 1_000 }
  const options = { heartbeat, timeouts: { idle: 2_000, close: 200 } }
  const { got, seconds } = await attacked('slowFrame', { count: 20 }, options)
  expect(got).toEqual({ 1008: 20 })
  expect(seconds).toBeGreaterThan(1.9)
})

test('a message without an end is a 1009 at the payload limit, and cut after timeouts.close', async () => {
  const size = 2_048 * mebibyte
  const { got, bytes } = await attacked('fragments', { size }, { timeouts: { close: 200 } })
  expect(got).toEqual({ 1009: 1 })
  expect(bytes).toBeGreaterThan(mebibyte)
  expect(bytes).toBeLessThan(size)
})

test('a thousand connections from one address are a 429 beyond limits.perAddress', async () => {
  const options = { limits: { perAddress: 20 } }
  const { got } = await attacked('crowd', { count: 1_000 }, options)
  // where all have one address the neighbour has a place of theirs
  const theirs = hostileAddress === '127.0.0.1' ? 19 : 20
  expect(got).toEqual({ 'still open': theirs, '429, Retry-After': 1_000 - theirs })
})

test('a message that inflates to 1 GiB is a 1009, as often as it is tried', async () => {
  const bomb = { count: 3, size: 1_024 * mebibyte }
  const { got, bytes } = await attacked('bomb', bomb, { compression: true })
  expect(got).toEqual({ 1009: 3 })
  // it was not too large as it came
  expect(bytes / 3).toBeLessThan(mebibyte)
})
