/** What is measured, and on whom. */

import { type Candidate, compare, type Figures, median, percentile, ratioOf } from './compare.js'
import { type Dialect, openPeers } from './load.js'
import { hasGorilla, type Kind, Process, type Role } from './process.js'
import { echo, fan, hello, latencies, lives, type Run } from './workloads.js'

export interface Workload {
  readonly title: string
  readonly unit: string
  /** What the project wants of the ratio to raw `ws`, per processor second. */
  readonly floor: number
  readonly goal: number
  readonly measure: (rounds: number) => Promise<Figures[]>
}

const control = 'raw ws again, the control'
const names: Record<Kind, string> = {
  ws: 'raw ws',
  rivulet: 'rivulet',
  'socket.io': 'socket.io',
  gorilla: 'gorilla',
  tcp: 'raw TCP, the limit',
}

const dialectOf = (kind: Kind): Dialect =>
  kind === 'tcp' || kind === 'socket.io' ? kind : 'websocket'

const gorillas = (): Kind[] => (hasGorilla() ? ['gorilla'] : [])

interface Plan {
  readonly role: Role
  readonly peers: readonly Kind[]
  readonly slices?: number
  readonly slice?: number
  readonly warmUp?: number
  readonly start: (port: number, kind: Kind) => Run | Promise<Run>
}

function versus({
  role,
  peers,
  slices = 3,
  slice = 250,
  warmUp = 1_500,
  start,
}: Plan): Workload['measure'] {
  return async rounds => {
    const kinds: Kind[] = ['ws', 'ws', 'rivulet', ...peers]
    const candidates: Candidate[] = []
    for (const [at, kind] of kinds.entries()) {
      if (kind === 'gorilla' && !hasGorilla()) continue
      const process = await Process.server(kind, role)
      const run = await start(process.port, kind)
      candidates.push({ name: at === 1 ? control : names[kind], process, run })
    }
    const figures = await compare(candidates, { rounds, slices, slice, warmUp })
    for (const { run, process } of candidates) {
      run.end()
      await process.stop()
    }
    return figures
  }
}

const echoOf = (size: number, connections: number, inFlight: number) =>
  versus({
    role: 'echo',
    peers: ['socket.io', 'gorilla', 'tcp'],
    start: (port, kind) => echo(port, { size, connections, inFlight, dialect: dialectOf(kind) }),
  })

const fanOf = (burst: number) =>
  versus({
    role: 'fan',
    peers: ['socket.io', 'gorilla'],
    start: (port, kind) => fan(port, 1_000, burst, dialectOf(kind)),
  })

export const workloads: Readonly<Record<string, Workload>> = {
  pingpong: {
    title: 'Echo of 16 B, ping-pong, 64 connections',
    unit: 'echoes',
    floor: 0.9,
    goal: 1,
    measure: echoOf(16, 64, 1),
  },
  inflight: {
    title: 'Echo of 16 B, 16 in flight on each of 64 connections',
    unit: 'echoes',
    floor: 3.5,
    goal: 5,
    measure: echoOf(16, 64, 16),
  },
  large: {
    title: 'Echo of 64 KiB, 8 connections',
    unit: 'echoes',
    floor: 0.95,
    goal: 1.05,
    measure: echoOf(64 * 1024, 8, 1),
  },
  bursts: {
    title: 'Fan-out of 64 B to 1,000 connections, in bursts of 16',
    unit: 'messages',
    floor: 10,
    goal: 15,
    measure: fanOf(16),
  },
  single: {
    title: 'Fan-out of 64 B to 1,000 connections, one at a time',
    unit: 'messages',
    floor: 1.3,
    goal: 1.6,
    measure: fanOf(1),
  },
  lives: {
    title: 'Whole lives: connect, one echo, close; 32 at a time',
    unit: 'lives',
    floor: 0.5,
    goal: 0.75,
    measure: versus({
      role: 'echo',
      peers: ['gorilla'],
      warmUp: 5_000,
      start: port => lives(port, 32),
    }),
  },
}

// The floor of the hello writers is one of cost. All candidates are connected at once, and 20,000 is a
// usual bound of open files.
export const helloWriters: Workload = {
  title: '6,000 writers of hello, each a timer, one message a second',
  unit: 'messages',
  floor: 1 / 1.3,
  goal: 1,
  measure: versus({
    role: 'hello',
    peers: [],
    slices: 1,
    slice: 3_000,
    start: port => hello(port, 6_000),
  }),
}

export interface Memory {
  readonly name: string
  /** Bytes of a connection. */
  readonly bytes: number
  readonly low: number
  readonly high: number
  /** Bytes of them that are objects of JavaScript. */
  readonly heap: number | undefined
}

/** What an idle connection adds to the memory of a server, after its garbage is collected. */
export async function memory(connections: number, rounds: number): Promise<Memory[]> {
  const kinds: Kind[] = ['ws', 'ws', 'rivulet', 'socket.io', ...gorillas()]
  const measured = kinds.map(() => [] as number[])
  const heaps = kinds.map(() => [] as number[])
  for (let round = 0; round < rounds; round++) {
    for (const [at, kind] of kinds.entries()) {
      const process = await Process.server(kind, 'echo')
      // what the first connections cost once is no connection's
      const first = await openPeers(process.port, 200, dialectOf(kind))
      await process.ask()
      const heapBefore = await process.ask()
      const before = process.resident
      const peers = await openPeers(process.port, connections, dialectOf(kind))
      await process.ask()
      const heap = await process.ask()
      measured[at]!.push((process.resident - before) / connections)
      heaps[at]!.push((heap - heapBefore) / connections)
      for (const peer of [...first, ...peers]) peer.close()
      await process.stop()
    }
  }
  return kinds.map((kind, at) => {
    const { median: bytes, low, high } = ratioOf(measured[at]!)
    const heap = kind === 'gorilla' ? undefined : median(heaps[at]!)
    return { name: at === 1 ? control : names[kind], bytes, low, high, heap }
  })
}

export interface Latency {
  readonly name: string
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** How long echoes take at so many a second, in ms: medians of the rounds. */
export async function latency(perSecond: number, rounds: number): Promise<Latency[]> {
  const kinds: Kind[] = ['ws', 'ws', 'rivulet', ...gorillas()]
  const processes = []
  for (const kind of kinds) processes.push(await Process.server(kind, 'echo'))
  for (const { port } of processes) await latencies(port, perSecond, 1_000)
  const measured = kinds.map(() => [] as number[][])
  for (let round = 0; round < rounds; round++) {
    for (const [at, { port }] of processes.entries()) {
      measured[at]!.push(await latencies(port, perSecond, 1_000))
    }
  }
  for (const process of processes) await process.stop()
  return kinds.map((kind, at) => {
    const of = (share: number) => median(measured[at]!.map(round => percentile(round, share)))
    const name = at === 1 ? control : names[kind]
    return { name, perSecond, p50: of(0.5), p99: of(0.99), p999: of(0.999) }
  })
}

/** The client's side: `connect` beside `rxjs/webSocket`, against an echo on raw `ws`. */
export async function clients(inFlight: number, rounds: number): Promise<Figures[]> {
  const server = await Process.server('ws', 'echo')
  const candidates: Candidate[] = []
  for (const kind of ['rxjs', 'rxjs', 'rivulet'] as const) {
    const process = await Process.client(kind, server.port, inFlight)
    const again = candidates.length === 1 ? ' again, the control' : ''
    const name = kind === 'rxjs' ? `rxjs/webSocket${again}` : 'connect of rivulet'
    const run: Run = {
      async for(milliseconds) {
        const before = await process.ask()
        await new Promise(resolve => setTimeout(resolve, milliseconds))
        return (await process.ask()) - before
      },
      end: () => undefined,
    }
    candidates.push({ name, process, run })
  }
  // they all run all the time, and share one core
  const figures = await compare(candidates, { rounds, slices: 3, slice: 300, warmUp: 1_000 })
  for (const { process } of candidates) await process.stop()
  await server.stop()
  return figures
}
