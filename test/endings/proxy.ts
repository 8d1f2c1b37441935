/** Proxy: a TCP wire that can be told to misbehave, between a real client and a real server. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { closePayload, encodeFrame, opcodes } from '../wire/frame.js'
import { event } from '../wire/event.js'
import { type End, type Injected, other, payload, type Wire } from './world.js'

export class Proxy implements Wire {
  readonly #listener: Server
  readonly #sockets: Partial<Record<End, Socket>> = {}
  readonly #lost = new Set<End>()

  private constructor(listener: Server) {
    this.#listener = listener
  }

  /** For one client of the server on this port. */
  static async before(port: number): Promise<Proxy> {
    const listener = createServer({ allowHalfOpen: true })
    const proxy = new Proxy(listener)
    listener.on('connection', client => {
      const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      proxy.#forward('client', client, server)
      proxy.#forward('server', server, client)
    })
    listener.listen(0, '127.0.0.1')
    await event(listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  #forward(end: End, from: Socket, to: Socket): void {
    this.#sockets[end] = from
    from.setNoDelay(true)
    from.on('data', bytes => {
      if (!this.#lost.has(end)) to.write(bytes)
    })
    from.on('end', () => {
      if (!this.#lost.has(end)) to.end()
    })
    from.on('error', () => {
      if (!this.#lost.has(end)) to.resetAndDestroy()
    })
  }

  #socket(end: End): Socket {
    const socket = this.#sockets[end]
    if (!socket) throw new Error(`The ${end} is not connected`)
    return socket
  }

  inject(to: End, what: Injected): void {
    this.#socket(to).write(bytesOf(what, to === 'server'))
  }

  fin(): void {
    for (const each of [this.#socket('server'), this.#socket('client')]) each.end()
  }

  reset(): void {
    for (const each of [this.#socket('server'), this.#socket('client')]) each.resetAndDestroy()
  }

  lose(from: End): void {
    this.#lost.add(from)
  }

  hold(end: End): void {
    this.#socket(other[end]).pause()
  }

  release(end: End): void {
    this.#socket(other[end]).resume()
  }

  stop(): void {
    this.#sockets.server?.destroy()
    this.#sockets.client?.destroy()
    this.#listener.close()
  }
}

// only what a client sends is masked
function bytesOf(what: Injected, masked: boolean): Uint8Array {
  if (what === 'empty close') return encodeFrame(opcodes.close, '', { masked })
  if (what === 1002) return encodeFrame(opcodes.close, closePayload(1006), { masked })
  if (what === 1007) return encodeFrame(opcodes.text, Uint8Array.of(0xc3, 0x28), { masked })
  if (what === 1009) return encodeFrame(opcodes.text, 'x'.repeat(payload + 1), { masked })
  // a text of empty parts, more than anybody waits for
  const parts = Array.from({ length: 150_000 }, (_, at) => {
    const part = encodeFrame(at === 0 ? opcodes.text : 0, '', { masked })
    part[0]! &= 0x7f
    return part
  })
  return Buffer.concat(parts)
}
