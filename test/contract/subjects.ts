/** The sockets that must all behave alike: virtual ones, and `ws` on loopback from both sides. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { asyncScheduler, of } from 'rxjs'
import { WebSocket } from 'ws'
import { dialWith } from '../../src/client/browser-socket.js'
import type { Dial } from '../../src/client/dial.js'
import { DialedSocket } from '../../src/client/dialed-socket.js'
import { dial as dialInNode } from '../../src/client/node-socket.js'
import { createUpgrader } from '../../src/server/upgrader.js'
import type { Socket } from '../../src/socket.js'
import { Lane } from '../../src/testing/lane.js'
import { VirtualSocket } from '../../src/testing/virtual-socket.js'

/** The two ends of one connection, not open yet; `near` is the one that is examined. */
export interface Pair {
  readonly near: Socket
  readonly far: Socket
  /** Completes the handshake, at both ends. */
  readonly open: () => Promise<void>
  /** Resets TCP. */
  readonly cut: () => void
  /** Lets a Close frame with this payload come in, whatever RFC 6455 has to say of it. */
  readonly badClose: (code: number, reason: string) => void
  /** Lets the far end send a message over the near end's payload limit. */
  readonly overfill: () => void
  readonly end: () => void
}

export interface Subject {
  readonly name: string
  readonly pair: () => Promise<Pair>
  /** What sockets of this kind can't do, or can't see. */
  readonly lacks?: readonly Ability[]
}

export type Ability =
  | 'pause'
  /** Sends pings, and hears them. */
  | 'ping'
  /** Tells what was wrong with a frame, and which code it was answered with. */
  | 'violations'
  /** Refuses a Close frame with a code that nobody may send, such as 999: else it is told as it came. */
  | 'close codes'
  | 'close timeout'
  /** Tells that TCP was reset. */
  | 'reset'
  /** Ends without a Close frame. */
  | 'silent end'

export const limit = 2 * 1024 * 1024
export const closeTimeout = 300

function virtualPair(): Promise<Pair> {
  const random = () => 0.5
  const toFar = new Lane(asyncScheduler, random, {})
  const toNear = new Lane(asyncScheduler, random, {})
  const near = new VirtualSocket(asyncScheduler, toFar, toNear, closeTimeout)
  const far = new VirtualSocket(asyncScheduler, toNear, toFar, closeTimeout)
  return Promise.resolve({
    near,
    far,
    open() {
      far.open()
      near.open()
      return Promise.resolve()
    },
    cut() {
      // as peer.cut() and link.cut() do
      toFar.settle()
      toNear.settle()
      near.reset()
      far.reset()
    },
    badClose: (close, reason) => far.write({ close, reason }),
    overfill: () => near.violate(1009),
    end() {
      near.terminate()
      far.terminate()
    },
  })
}

function closeFrame(code: number, reason: string, masked: boolean): Buffer {
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])
  const mask = masked ? 128 : 0
  const length =
    payload.length < 126
      ? [mask | payload.length]
      : [mask | 126, payload.length >> 8, payload.length & 255]
  return Buffer.concat([Buffer.from([0x88, ...length]), Buffer.alloc(masked ? 4 : 0), payload])
}

/** Makes a client's socket, which connects to the address and takes messages of so many bytes. */
export type Client = (url: string, payload: number) => Socket

// what a handshake has besides, when nobody asks for anything
const nothing = {
  protocols: [],
  headers: undefined,
  agent: undefined,
  tls: undefined,
  fragments: 16_384,
  compression: false,
}

/** A client's socket, opened as `connect` does it. */
function dialedBy(dial: Dial): Client {
  return (url, payload) => {
    const socket = new DialedSocket(asyncScheduler)
    const request = { ...nothing, url, payload, closeTimeout, scheduler: asyncScheduler }
    socket.dial(of(url), () => dial(request, () => undefined))
    return socket
  }
}

/** Both ends are ours: the server's adapter at one, the client's at the other. */
export function wsPair(
  side: 'server' | 'client',
  connect = dialedBy(dialInNode),
): () => Promise<Pair> {
  return () =>
    new Promise(resolve => {
      const http = createServer()
      const payload = (end: 'server' | 'client') => (end === side ? limit : limit * 2)
      const bounds = { payload: payload('server'), fragments: nothing.fragments, closeTimeout }
      const upgrade = createUpgrader({ ...bounds, deflate: false })
      http.listen(0, '127.0.0.1', () => {
        const { port } = http.address() as AddressInfo
        const client = connect(`ws://127.0.0.1:${port}`, payload('client'))
        http.on('upgrade', (request, tcp, head: Buffer) => {
          const complete = (opened: (socket: Socket, open: () => void) => void) =>
            upgrade(request, tcp, head, '', socket => opened(socket, () => socket.open()))
          const rest = {
            // a reset comes from the network: in a turn of its own
            cut: () => process.nextTick(() => request.socket.resetAndDestroy()),
            end() {
              tcp.destroy()
              http.close()
            },
          }
          if (side === 'server') {
            complete((server, open) =>
              resolve({
                ...rest,
                near: server,
                far: client,
                // as a client sends it: with a mask, here of zeros
                badClose: (code, reason) => void tcp.push(closeFrame(code, reason, true)),
                open: () =>
                  new Promise(done => {
                    client.addListener('open', () => done())
                    open()
                  }),
                overfill: () => client.send('x'.repeat(limit + 1)),
              }),
            )
          } else {
            let far: Socket | undefined
            resolve({
              ...rest,
              near: client,
              get far() {
                if (!far) throw new Error('not open yet')
                return far
              },
              open: () =>
                new Promise(done => {
                  client.addListener('open', () => done())
                  complete((socket, open) => {
                    far = socket
                    open()
                  })
                }),
              // nothing behind it: what this end makes of the answer is not asked
              badClose: (code, reason) => void tcp.end(closeFrame(code, reason, false)),
              overfill: () => far?.send('x'.repeat(limit + 1)),
            })
          }
        })
      })
    })
}

export const subjects: readonly Subject[] = [
  { name: 'the virtual socket', pair: virtualPair },
  { name: 'ws on a server', pair: wsPair('server') },
  { name: 'ws on a client', pair: wsPair('client') },
  {
    name: "a browser's kind of WebSocket",
    pair: wsPair('client', dialedBy(dialWith(WebSocket))),
    lacks: ['pause', 'ping', 'violations', 'close timeout', 'reset', 'silent end'],
  },
]
