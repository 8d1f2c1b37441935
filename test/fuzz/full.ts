/**
 * The fuzz in full: 100,000 handshakes and 100,000 sequences of frames, half of these to a server and
 * half to clients. It fails when something is not as it must be, when memory grows, or when a socket
 * or a timer is left behind; the seed that it prints brings that back.
 *
 *     npm run soak:fuzz
 *     npm run soak:fuzz -- --seed 5 --count 1000
 */

import { parseArgs } from 'node:util'
import { fuzzClients, fuzzHandshakes, fuzzServer, type FuzzSize, type Tally } from './run.js'

const { values } = parseArgs({ options: { seed: { type: 'string' }, count: { type: 'string' } } })
const seed = Number(values.seed ?? 9)
const count = Number(values.count ?? 100_000)
/** What memory may grow by in the second half, in MiB: in the first, heaps and pools find their size. */
const growth = 48
const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout']
const held = () => process.getActiveResourcesInfo().filter(each => kinds.includes(each))

async function rss(): Promise<number> {
  // sockets go a few turns behind their end
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  globalThis.gc?.()
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}

async function play(
  name: string,
  fuzz: (size: FuzzSize) => Promise<Tally>,
  size: FuzzSize,
): Promise<void> {
  const began = performance.now()
  const half = Math.ceil(size.count / 2)
  const first = await fuzz({ ...size, count: half })
  const between = await rss()
  const second = await fuzz({ seed: size.seed + half, count: size.count - half })
  const end = await rss()
  const total: Tally = { ...first }
  for (const [what, times] of Object.entries(second)) total[what] = (total[what] ?? 0) + times
  const took = ((performance.now() - began) / 1_000).toFixed(1)
  console.log(`${name}: ${size.count} in ${took} s, ${between} MiB half-way, ${end} MiB at the end`)
  console.log(total)
  if (end - between > growth)
    throw new Error(`${name}: ${end - between} MiB more in the second half`)
  if (held().length > 0) throw new Error(`${name}: left behind ${held().join(', ')}`)
}

// what the application throws into its own reader is said by a warning, thousands of times
process.on('warning', () => undefined)
console.log(`Fuzz on Node ${process.version}, seed ${seed}`)
await play('Handshakes', fuzzHandshakes, { seed, count })
await play('Frames to a server', fuzzServer, { seed, count: Math.ceil(count / 2) })
await play('Frames to clients', fuzzClients, { seed, count: Math.floor(count / 2) })
