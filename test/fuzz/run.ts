/** Plays hostile peers to a server and to clients, and holds what must be so whatever they write. */

import assert from 'node:assert/strict'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { firstValueFrom, lastValueFrom, type Observable, Subject } from 'rxjs'
import { connect, type Connection, type Message } from 'rivulet'
import { serve } from 'rivulet/server'
import { switching, upgradeRequest } from '../wire/handshake.js'
import { type Deed, handshake, type Hostile, sequence } from './hostile.js'

export interface FuzzSize {
  readonly seed: number
  readonly count: number
}

/** What was seen, by what it was. */
export type Tally = Record<string, number>

const options = {
  limits: { payload: 100_000 },
  compression: true,
  timeouts: { handshake: 5_000, close: 1_000 },
} as const

const atOnce = 16
const batch = 500

/** Plays the sample in batches; between two of them `between` is awaited. */
async function inBatches<T>(
  arbitrary: fc.Arbitrary<T>,
  { seed, count }: FuzzSize,
  play: (value: T, index: number) => Promise<void>,
  between: () => Promise<void>,
): Promise<void> {
  for (let from = 0; from < count; from += batch) {
    const sample = fc.sample(arbitrary, {
      seed: seed + from,
      numRuns: Math.min(batch, count - from),
    })
    let next = 0
    const worker = async () => {
      while (next < sample.length) {
        const index = next++
        await play(sample[index]!, from + index)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    await between()
  }
}

/** Holds a connection to its contract, and counts it when it has ended. */
class Watch {
  readonly tally: Tally = {}
  #open = 0

  see({ closed, states, messages }: Connection): void {
    this.#open++
    const seen = { closed: 0, messages: 0, states: [] as string[] }
    messages.subscribe({ complete: () => seen.messages++ })
    states.subscribe(state => seen.states.push(state))
    closed.subscribe({
      next: close => {
        seen.closed++
        const { by, code, sent, received } = close
        this.count(`${by} ${code}`)
        assert.equal(close.wasClean, sent !== undefined && received !== undefined)
      },
      complete: () => {
        this.#open--
        assert.equal(seen.closed, 1)
        assert.equal(seen.messages, 1)
        assert.equal(seen.states.at(-1), 'closed')
      },
    })
  }

  count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1
  }

  /** Waits until all have ended. */
  async settled(): Promise<void> {
    while (this.#open > 0) await new Promise(setImmediate)
  }
}

/** Does the deed, when so many messages have come. */
function doing({ what, after }: Deed, connection: Connection): Observable<Message> | undefined {
  if (what === 'echo') return connection.messages
  const writer = new Subject<Message>()
  let left = after
  const act = () => {
    if (what === 'close') connection.close(4_000, 'enough')
    else if (what === 'complete') writer.complete()
    else if (what === 'error') writer.error(new Error('the writer fails'))
    else if (what === 'throw') throw new Error('the reader fails')
    else if (what === 'leave') connection.close()
  }
  if (after === 0 && what !== 'throw') act()
  connection.read(message => {
    if (left-- === 1) act()
    else writer.next(message)
  })
  return writer
}

async function write(tcp: Socket, { bytes, delivery: { sizes, ending } }: Hostile): Promise<void> {
  for (let at = 0, turn = 0; at < bytes.length && tcp.writable; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    tcp.write(bytes.subarray(at, at + size))
    at += size
    // of long ones the rest at once: it is their heads that matter
    if (turn > 40) {
      tcp.write(bytes.subarray(at))
      break
    }
    if (sizes.length > 0) await new Promise(setImmediate)
  }
  if (ending === 'reset') tcp.resetAndDestroy()
  else if (ending === 'destroy') tcp.destroy()
  else tcp.end()
}

function dialRaw(port: number): { tcp: Socket; gone: Promise<{ came: Buffer; reset: boolean }> } {
  const tcp = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const chunks: Buffer[] = []
  let reset = false
  tcp.on('error', () => (reset = true))
  tcp.on('data', chunk => chunks.push(chunk))
  tcp.on('end', () => tcp.end())
  const gone = new Promise<{ came: Buffer; reset: boolean }>(resolve =>
    tcp.once('close', () => resolve({ came: Buffer.concat(chunks), reset })),
  )
  return { tcp, gone }
}

/** A server whose handler does the next deed, with a neighbour that it must serve all the while. */
async function besides<T>(
  body: (port: number, watch: Watch, deeds: Deed[], served: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const watch = new Watch()
  const deeds: Deed[] = []
  const echo: Deed = { what: 'echo', after: 0 }
  const server = serve({ port: 0, host: '127.0.0.1', ...options }, connection => {
    const deed = connection.handshake.url === '/neighbour' ? echo : (deeds.shift() ?? echo)
    return doing(deed, connection)
  })
  server.connections.subscribe(connection => watch.see(connection))
  const { port } = await firstValueFrom(server.listening)
  const neighbours: Connection[] = []
  const subscription = connect(`ws://127.0.0.1:${port}/neighbour`).subscribe(each =>
    neighbours.push(each),
  )
  let mark = 0
  try {
    return await body(port, watch, deeds, async () => {
      const answer = firstValueFrom(neighbours[0]!.messages)
      neighbours[0]!.send(`${++mark}`)
      assert.equal(await answer, `${mark}`)
    })
  } finally {
    subscription.unsubscribe()
    await lastValueFrom(server.close())
    await watch.settled()
  }
}

/** Hostile handshakes: each is answered with a status, whatever it was, or its client has gone. */
export function fuzzHandshakes(size: FuzzSize): Promise<Tally> {
  return besides(async (port, watch, _, served) => {
    const statuses: Tally = {}
    const play = async (each: Hostile) => {
      const { tcp, gone } = dialRaw(port)
      await write(tcp, each)
      const { came, reset } = await gone
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(came.toString('latin1', 0, 20))?.[1]
      const { ending, sizes } = each.delivery
      // who writes on behind a refusal is reset by the system, which may take the answer along
      const stayed = ending === 'end' && !(reset && sizes.length > 0)
      if (stayed && status === undefined && each.bytes.toString().trim() !== '') {
        throw new Error(`No status for ${JSON.stringify(each.bytes.toString('latin1'))}`)
      }
      const what = status ?? 'gone'
      statuses[what] = (statuses[what] ?? 0) + 1
    }
    await inBatches(handshake, size, play, served)
    return { ...statuses, ...watch.tally }
  })
}

/** Hostile frames to a server. */
export function fuzzServer(size: FuzzSize): Promise<Tally> {
  return besides(async (port, watch, deeds, served) => {
    const request = Buffer.from(
      upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } }),
    )
    await inBatches(
      sequence(true),
      size,
      async each => {
        deeds.push(each.deed)
        const { tcp, gone } = dialRaw(port)
        await write(tcp, { ...each, bytes: Buffer.concat([request, each.bytes]) })
        await gone
      },
      served,
    )
    return watch.tally
  })
}

/** Hostile frames to clients. */
export async function fuzzClients(size: FuzzSize): Promise<Tally> {
  const watch = new Watch()
  const waiting = new Map<string, Hostile>()
  const raw = createServer({ allowHalfOpen: true, noDelay: true }, tcp => {
    tcp.on('error', () => undefined)
    tcp.on('end', () => tcp.end())
    let head = ''
    tcp.on('data', chunk => {
      if (head.endsWith('\r\n\r\n')) return
      head += chunk.toString('latin1')
      if (!head.endsWith('\r\n\r\n')) return
      const each = waiting.get(/^GET \/(\d+) /.exec(head)?.[1] ?? '')
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? ''
      const answer = switching(key, { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
      if (each)
        void write(tcp, { ...each, bytes: Buffer.concat([Buffer.from(answer), each.bytes]) })
    })
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => raw.once('listening', resolve))
  const { port } = raw.address() as AddressInfo
  const compression = { serverTakeover: true, clientTakeover: true }
  await inBatches(
    sequence(false),
    size,
    (each, index) =>
      new Promise<void>(resolve => {
        waiting.set(`${index}`, each)
        connect(`ws://127.0.0.1:${port}/${index}`, { ...options, compression }, connection =>
          doing(each.deed, connection),
        ).subscribe({
          next: connection => watch.see(connection),
          error: () => resolve(),
          complete: () => resolve(),
        })
      }).then(() => void waiting.delete(`${index}`)),
    () => watch.settled(),
  )
  await new Promise(resolve => raw.close(resolve))
  return watch.tally
}
