/** One hostile connection: it writes what it likes, and keeps what the server answers. */

import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { closeOf, encodeFrame, type Frame, opcodes, parseFrame } from '../wire/frame.js'

/** Where attackers come from: on Linux another address than that of everybody else. */
export const hostileAddress = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'

const request =
  'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: aG9zdGlsZSBob3N0aWxlIQ==\r\nSec-WebSocket-Version: 13\r\n'

/** How it keeps up appearances, or doesn't. */
export interface Manners {
  /** It goes on also when the server has ended its side. */
  readonly deaf?: boolean
  /** It says something when it is pinged. */
  readonly lively?: boolean
  readonly extensions?: string
}

export class Hostile {
  /** The status of the HTTP answer, and whether it said when to come back. */
  status: number | undefined
  retryAfter = false
  /** The code of the Close frame. */
  code: number | undefined
  messages = 0
  /** Whether TCP has ended, for whatever reason. */
  ended = false
  readonly #tcp: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #waiting: (() => void)[] = []
  #dropped = false
  readonly #deaf: boolean
  readonly #lively: boolean

  constructor(port: number, { deaf = false, lively = false }: Manners = {}) {
    this.#deaf = deaf
    this.#lively = lively
    const own = { localAddress: hostileAddress, allowHalfOpen: deaf, noDelay: true }
    this.#tcp = connect({ port, host: '127.0.0.1', ...own })
    this.#tcp.on('data', chunk => {
      this.#bytes = this.#bytes.length > 0 ? Buffer.concat([this.#bytes, chunk]) : chunk
      this.#parse()
      this.#wake()
    })
    // a reset is an end as well
    this.#tcp.on('error', () => undefined)
    this.#tcp.on('drain', () => this.#wake())
    this.#tcp.on('close', () => {
      this.ended = true
      this.#wake()
    })
  }

  /** Shakes hands like anybody else, and waits for the answer. */
  static async upgraded(port: number, manners: Manners = {}): Promise<Hostile> {
    const hostile = new Hostile(port, manners)
    const { extensions } = manners
    const offer = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`
    void hostile.write(`${request}${offer}\r\n`)
    await hostile.until(() => hostile.status !== undefined)
    return hostile
  }

  /** Whether it was let in, and was not told to go. */
  get welcome(): boolean {
    return this.status === 101 && this.code === undefined && !this.ended
  }

  /** What it got in the end, in a word. */
  get fate(): string {
    if (this.code !== undefined) return `${this.code}`
    if (this.status !== undefined && this.status !== 101) {
      return `${this.status}${this.retryAfter ? ', Retry-After' : ''}`
    }
    return this.ended && !this.#dropped ? 'cut off' : 'still open'
  }

  /** Writes; waits until TCP has taken it or has ended, or it hears that it has to go. */
  async write(bytes: string | Uint8Array): Promise<void> {
    const taken = this.#tcp.write(bytes)
    // who only writes would never read
    await setImmediate()
    const told = () => !this.#deaf && this.code !== undefined
    if (!taken) await this.until(() => !this.#tcp.writableNeedDrain || told())
  }

  /** Waits until something is so, or TCP has ended. */
  async until(met: () => boolean): Promise<void> {
    while (!met() && !this.ended) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** Has enough. */
  drop(): void {
    this.#dropped ||= !this.ended
    this.#tcp.destroy()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #parse(): void {
    if (this.status === undefined) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#bytes.toString('latin1', 0, end)
      this.status = Number(head.split(' ', 2)[1])
      this.retryAfter = /^retry-after: *\d+$/im.test(head)
      this.#bytes = this.#bytes.subarray(end + 4)
    }
    if (this.status !== 101) return
    for (let found = parseFrame(this.#bytes); found; found = parseFrame(this.#bytes)) {
      this.#bytes = this.#bytes.subarray(found.size)
      this.#got(found.frame)
    }
  }

  #got(frame: Frame): void {
    if (frame.opcode === opcodes.close) this.code = closeOf(frame).code
    else if (frame.opcode < opcodes.close) this.messages++
    else if (this.#lively) this.#tcp.write(encodeFrame(opcodes.text, 'here'))
  }
}

/** The head of a frame of any length, with a mask of four zeros: the payload goes as it is. */
export function frameHead(first: number, length: number): Buffer {
  const head = Buffer.alloc(14)
  head[0] = first
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}
