/** The workloads: each has a server do something for a while, and says how often it did. */

import { connect } from 'node:net'
import {
  check,
  type Dialect,
  framed,
  handshake,
  masked,
  openPeers,
  type Peer,
  spoken,
} from './load.js'

/** Does something for so many ms; returns how often it was done. */
export interface Run {
  for(milliseconds: number): Promise<number>
  end(): void
}

/** Echoes of so many bytes: on each connection so many are on their way all the time. */
export async function echo(
  port: number,
  { size, connections, inFlight, dialect }: EchoOptions,
): Promise<Run> {
  const peers = await openPeers(port, connections, dialect)
  const texts = peers.map((_, at) => spoken(`echo ${at}`.padEnd(size, '.'), dialect))
  return {
    async for(milliseconds) {
      const until = performance.now() + milliseconds
      let echoes = 0
      await Promise.all(
        peers.map((peer, at) => {
          const request = masked(texts[at]!)
          const reply = dialect === 'tcp' ? request : framed(texts[at]!)
          const requests = Array.from({ length: inFlight + 1 }, (_, times) =>
            Buffer.concat(Array.from({ length: times }, () => request)),
          )
          let waiting = inFlight
          return new Promise<void>((resolve, reject) => {
            const closed = () => reject(peer.failed ?? new Error('It was closed'))
            peer.socket.once('close', closed)
            peer.expect(reply, times => {
              echoes += times
              if (performance.now() < until) {
                if (times > 0) peer.socket.write(requests[times]!)
                return
              }
              waiting -= times
              if (waiting > 0) return
              peer.socket.off('close', closed)
              resolve()
            })
            peer.socket.write(requests[inFlight]!)
          })
        }),
      )
      check(peers)
      return echoes
    },
    end: () => closeAll(peers),
  }
}

export interface EchoOptions {
  readonly size: number
  readonly connections: number
  readonly inFlight: number
  readonly dialect: Dialect
}

/** Messages of 64 bytes to all, so many at once; the next when everybody has them. */
export async function fan(
  port: number,
  subscribers: number,
  burst: number,
  dialect: Dialect,
): Promise<Run> {
  const peers = await openPeers(port, subscribers, dialect)
  const [publisher] = peers
  const text = (number: number) => spoken(`news ${number}`.padEnd(64, '.'), dialect)
  const all = Buffer.concat(Array.from({ length: burst }, (_, number) => framed(text(number))))
  const request = masked(spoken(String(burst), dialect))
  return {
    async for(milliseconds) {
      const until = performance.now() + milliseconds
      let bursts = 0
      await new Promise<void>((resolve, reject) => {
        let waiting = peers.length
        const told = (times: number) => {
          waiting -= times
          if (waiting > 0) return
          bursts++
          if (performance.now() > until) {
            resolve()
            return
          }
          waiting = peers.length
          publisher!.socket.write(request)
        }
        for (const peer of peers) {
          peer.expect(all, told)
          peer.socket.once('close', () => reject(peer.failed ?? new Error('It was closed')))
        }
        publisher!.socket.write(request)
      })
      for (const peer of peers) peer.socket.removeAllListeners('close')
      check(peers)
      return bursts * burst * subscribers
    },
    end: () => closeAll(peers),
  }
}

/** Whole lives: connect, one echo, the closing handshake; so many at a time. */
export function lives(port: number, atATime: number): Run {
  const text = Buffer.from('echo of 16 bytes')
  const request = masked(text)
  const close = masked(Buffer.from([0x03, 0xe8]), 8)
  const replies = Buffer.concat([framed(text), framed(Buffer.from([0x03, 0xe8]), 8)])
  const live = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let came = Buffer.alloc(0)
      let asked = false
      let closing = false
      socket.on('error', reject)
      socket.on('data', chunk => {
        came = Buffer.concat([came, chunk])
        if (!asked) {
          const end = came.indexOf('\r\n\r\n')
          if (end < 0) return
          asked = true
          came = came.subarray(end + 4)
          socket.write(request)
        } else if (!closing && came.length >= text.length + 2) {
          closing = true
          socket.write(close)
        }
      })
      socket.on('end', () => socket.end())
      socket.on('close', () => {
        if (came.equals(replies)) resolve()
        else reject(new Error('A life ended early'))
      })
      socket.write(handshake)
    })
  return {
    async for(milliseconds) {
      const until = performance.now() + milliseconds
      let count = 0
      const one = async () => {
        while (performance.now() < until) {
          await live()
          count++
        }
      }
      await Promise.all(Array.from({ length: atATime }, one))
      return count
    },
    end: () => undefined,
  }
}

/** Connections that only listen to `hello`. */
export async function hello(port: number, connections: number): Promise<Run> {
  const frame = framed(Buffer.from('hello'))
  // the first of them speak before the last are there
  const peers = await openPeers(port, connections, 'websocket', frame)
  let count = 0
  for (const peer of peers) peer.expect(frame, times => (count += times))
  return {
    async for(milliseconds) {
      const before = count
      await new Promise(resolve => setTimeout(resolve, milliseconds))
      check(peers)
      return count - before
    },
    end: () => closeAll(peers),
  }
}

/** How long echoes take, in ms, when so many are asked for a second, whatever has come back. */
export async function latencies(
  port: number,
  perSecond: number,
  milliseconds: number,
): Promise<number[]> {
  const peers = await openPeers(port, 64)
  const text = Buffer.from('echo of 16 bytes')
  const request = masked(text)
  const taken: number[] = []
  const asked: number[][] = peers.map(() => [])
  peers.forEach((peer, at) =>
    peer.expect(framed(text), times => {
      const now = performance.now()
      for (let time = 0; time < times; time++) taken.push(now - asked[at]!.shift()!)
    }),
  )
  const start = performance.now()
  for (let sent = 0, now = start; now < start + milliseconds; now = performance.now()) {
    for (; sent < ((now - start) / 1_000) * perSecond; sent++) {
      const at = sent % peers.length
      asked[at]!.push(performance.now())
      peers[at]!.socket.write(request)
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  await new Promise(resolve => setTimeout(resolve, 200))
  check(peers)
  closeAll(peers)
  return taken
}

function closeAll(peers: readonly Peer[]): void {
  for (const peer of peers) peer.close()
}
