/** The load: bare TCP sockets that speak just enough WebSocket, so that the server is the slower one. */

import { connect, type Socket } from 'node:net'

/** What is spoken: WebSocket alone, socket.io on it, or nothing at all on bare TCP. */
export type Dialect = 'websocket' | 'socket.io' | 'tcp'

/** A text as both sides write it in the dialect. */
export function spoken(text: string, dialect: Dialect): Buffer {
  return Buffer.from(dialect === 'socket.io' ? `42["m",${JSON.stringify(text)}]` : text)
}

/** One connection; what comes in is compared with what must come, byte by byte. */
export class Peer {
  readonly socket: Socket
  /** What the server is expected to say, again and again. */
  #expected: Buffer = Buffer.alloc(0)
  #at = 0
  /** Told of each chunk: how many times all of it came since the last. */
  #told: (times: number) => void = () => undefined
  failed: Error | undefined

  private constructor(socket: Socket) {
    this.socket = socket
  }

  /** Connects, and shakes hands as the dialect has it. */
  static async open(
    port: number,
    dialect: Dialect = 'websocket',
    greeting: Buffer = Buffer.alloc(0),
  ): Promise<Peer> {
    const peer = new Peer(connect({ port, host: '127.0.0.1', noDelay: true }))
    peer.#expected = greeting
    const { socket } = peer
    socket.on('error', error => (peer.failed ??= error))
    // what came with the answer already
    let early: Buffer = Buffer.alloc(0)
    if (dialect === 'tcp') await new Promise<void>(resolve => socket.once('connect', resolve))
    else if (dialect === 'websocket') early = await shake(socket)
    else await shakeAsSocketIo(socket)
    if (early.length > 0) peer.#take(early)
    socket.on('data', chunk => peer.#take(chunk))
    return peer
  }

  expect(expected: Buffer, told: (times: number) => void): void {
    if (this.#at !== 0 && !expected.equals(this.#expected)) {
      this.failed ??= new Error('Something else was on its way')
    }
    this.#expected = expected
    this.#told = told
  }

  #take(chunk: Buffer): void {
    const { length } = this.#expected
    let times = 0
    for (let from = 0; from < chunk.length;) {
      if (this.#at === 0 && chunk[from] === 0x89 && chunk[from + 1] === 0) {
        // the heartbeat, which wants an answer
        this.socket.write(pong)
        from += 2
        continue
      }
      const size = Math.min(length - this.#at, chunk.length - from)
      const to = this.#at + size
      if (size === 0 || this.#expected.compare(chunk, from, from + size, this.#at, to) !== 0) {
        this.failed ??= new Error('The server said what it should not')
        this.socket.destroy()
        return
      }
      from += size
      this.#at = to === length ? 0 : to
      if (to === length) times++
    }
    if (times > 0) this.#told(times)
  }

  close(): void {
    this.socket.destroy()
  }
}

/** So many connections, a few at a time; `greeting`: what the server may say before it is asked. */
export async function openPeers(
  port: number,
  count: number,
  dialect?: Dialect,
  greeting?: Buffer,
): Promise<Peer[]> {
  const peers: Peer[] = []
  while (peers.length < count) {
    const some = Math.min(100, count - peers.length)
    peers.push(
      ...(await Promise.all(
        Array.from({ length: some }, () => Peer.open(port, dialect, greeting)),
      )),
    )
  }
  return peers
}

export function check(peers: readonly Peer[]): void {
  for (const { failed } of peers) if (failed) throw failed
}

function shake(socket: Socket): Promise<Buffer> {
  socket.write(handshake)
  return new Promise((resolve, reject) => {
    socket.once('data', (head: Buffer) => {
      const end = head.indexOf('\r\n\r\n') + 4
      const said = head.toString('latin1', 0, end)
      if (said.startsWith('HTTP/1.1 101 ')) resolve(head.subarray(end))
      else reject(new Error(`The server refused: ${said.split('\r\n', 1).join()}`))
    })
    socket.once('error', reject)
  })
}

// The server says first who one is, then lets one into the namespace that is asked for.
async function shakeAsSocketIo(socket: Socket): Promise<void> {
  let came = ''
  const until = (sign: string) =>
    new Promise<void>((resolve, reject) => {
      const look = (chunk: Buffer) => {
        came += chunk.toString('latin1')
        if (!came.includes(sign)) return
        socket.off('data', look)
        resolve()
      }
      socket.on('data', look)
      socket.once('error', reject)
    })
  socket.write(handshake.replace('GET /', 'GET /socket.io/?EIO=4&transport=websocket'))
  await until('0{"sid"')
  const inside = until('40{"sid"')
  socket.write(masked(Buffer.from('40')))
  await inside
}

export const handshake =
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'

/** One final frame as a client sends it (RFC 6455, section 5.2). */
export function masked(payload: Buffer, opcode = 1): Buffer {
  const mask = [0x4d, 0x61, 0x73, 0x6b]
  const head = framed(payload, opcode).subarray(0, -payload.length || undefined)
  head[1]! |= 0x80
  return Buffer.concat([head, Buffer.from(mask), payload.map((byte, at) => byte ^ mask[at % 4]!)])
}

/** One final frame as a server sends it. */
export function framed(payload: Buffer, opcode = 1): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = 0x80 | opcode
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

const pong = masked(Buffer.alloc(0), 10)
