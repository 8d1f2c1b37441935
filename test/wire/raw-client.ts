import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { event } from './event.js'
import { encodeFrame, type Frame, parseFrame } from './frame.js'
import { upgradeRequest } from './handshake.js'

export { upgradeRequest }

/** The head of an HTTP answer; header names in lower case. */
export interface Answer {
  readonly status: number
  readonly line: string
  readonly headers: Readonly<Record<string, string>>
}

// One callback a test, and not one a socket: it would hold thousands of them until the test's end.
const live = new Set<Socket>()
let cleaning = false

function dropLater(tcp: Socket): void {
  live.add(tcp)
  tcp.once('close', () => live.delete(tcp))
  if (cleaning) return
  cleaning = true
  onTestFinished(() => {
    cleaning = false
    for (const each of live) each.destroy()
  })
}

/** A client that does what no WebSocket library would do. The test's end drops it. */
export class RawClient {
  readonly tcp: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined

  private constructor(tcp: Socket) {
    this.tcp = tcp
    const over = () => {
      this.#ended = true
      this.#wake?.()
    }
    // a reset is an end too
    tcp.on('error', () => undefined)
    tcp.on('end', over).on('close', over)
    tcp.on('data', data => {
      this.#bytes = Buffer.concat([this.#bytes, data])
      this.#wake?.()
    })
  }

  static async connect(port: number, options: Partial<NetConnectOpts> = {}): Promise<RawClient> {
    const tcp = connect({ port, host: '127.0.0.1', ...options })
    dropLater(tcp)
    await event(tcp, 'connect')
    return new RawClient(tcp)
  }

  /** Connects and shakes hands. */
  static async upgraded(port: number, path = '/'): Promise<RawClient> {
    const client = await RawClient.connect(port)
    client.write(upgradeRequest({ path }))
    const { line } = await client.answer()
    if (line !== 'HTTP/1.1 101 Switching Protocols') throw new Error(line)
    return client
  }

  write(bytes: string | Uint8Array): void {
    this.tcp.write(bytes)
  }

  frame(opcode: number, payload: string | Uint8Array = ''): void {
    this.write(encodeFrame(opcode, payload))
  }

  /** The head of the next HTTP answer. */
  answer(): Promise<Answer> {
    return this.#take(() => {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return undefined
      const [line = '', ...lines] = this.#bytes.subarray(0, end).toString().split('\r\n')
      this.#bytes = this.#bytes.subarray(end + 4)
      const headers = Object.fromEntries(
        lines.map(each => [each.replace(/:.*/, '').toLowerCase(), each.replace(/^.*?: */, '')]),
      )
      return { line, status: Number(line.split(' ')[1]), headers }
    })
  }

  /** The next frame. */
  next(): Promise<Frame> {
    return this.#take(() => {
      const found = parseFrame(this.#bytes)
      this.#bytes = this.#bytes.subarray(found?.size ?? 0)
      return found?.frame
    })
  }

  /** Waits until the server has ended the connection: what came and was not taken. */
  rest(): Promise<string> {
    return this.#take(() => (this.#ended ? this.#bytes.toString() : undefined))
  }

  async #take<T>(parse: () => T | undefined): Promise<T> {
    for (;;) {
      const found = parse()
      if (found !== undefined) return found
      if (this.#ended) throw new Error(`The server ended after "${this.#bytes.toString()}"`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}
