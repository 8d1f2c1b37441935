/** Clients: bare TCP sockets that read, or do not read, as they are told. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Connects and shakes hands; nothing is read behind that. */
export async function open(port: number): Promise<Socket> {
  const tcp = connect({ port, host: '127.0.0.1', noDelay: true })
  // a reset is an end as others are: whoever waits for bytes hears of `close`
  tcp.on('error', () => undefined)
  await once(tcp, 'connect')
  tcp.write(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: c29hayBzb2FrIHNvYWsgIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  let head = Buffer.alloc(0)
  while (!head.includes('\r\n\r\n')) {
    const [chunk] = (await once(tcp, 'data')) as [Buffer]
    head = Buffer.concat([head, chunk])
  }
  tcp.pause()
  if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) {
    throw new Error(`The server refused: ${head.toString('latin1').split('\r\n', 1).join()}`)
  }
  const rest = head.subarray(head.indexOf('\r\n\r\n') + 4)
  if (rest.length > 0) tcp.unshift(rest)
  return tcp
}

/** A frame as a server sends it (RFC 6455, section 5.2). */
export function frame(opcode: number, payload: string | Uint8Array): Buffer {
  const data = Buffer.from(payload as string)
  return Buffer.concat([header(0x80 | opcode, data.length, 0), data])
}

/** A frame as a client sends it: the mask is four zeros, which leave the payload as it is. */
export function maskedFrame(opcode: number, payload: string | Uint8Array): Buffer {
  const data = Buffer.from(payload as string)
  return Buffer.concat([header(0x80 | opcode, data.length, 0x80), Buffer.alloc(4), data])
}

function header(first: number, length: number, masked: number): Buffer {
  if (length < 126) return Buffer.from([first, masked | length])
  if (length > 0xffff) throw new RangeError('Frames of up to 65,535 bytes only')
  return Buffer.from([first, masked | 126, length >> 8, length & 0xff])
}

/** A Close frame's payload for 1000. */
export const normal = Buffer.from([1000 >> 8, 1000 & 0xff])

/** Reads all the time, and knows which bytes have to come. */
export class Listener {
  readonly #tcp: Socket
  #expected: Buffer = Buffer.alloc(0)
  #taken = 0
  #settle: { resolve(): void; reject(error: Error): void } | undefined

  constructor(tcp: Socket, name: string) {
    this.#tcp = tcp
    const fail = (what: string) => this.#settle?.reject(new Error(`${name} ${what}`))
    tcp.on('data', (chunk: Buffer) => {
      const end = this.#taken + chunk.length
      const right =
        end <= this.#expected.length &&
        this.#expected.compare(chunk, 0, chunk.length, this.#taken, end) === 0
      if (!right) return fail('got what was not sent to it')
      this.#taken = end
      if (end === this.#expected.length) this.#settle?.resolve()
    })
    tcp.on('close', () => fail('was cut off'))
    tcp.resume()
  }

  /** Waits until exactly these bytes have come. */
  expect(bytes: Buffer): Promise<void> {
    this.#expected = bytes
    this.#taken = 0
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
  }

  /** Answers the server's Close frame. */
  close(): void {
    this.#settle = undefined
    this.#tcp.end(maskedFrame(8, normal))
  }
}
