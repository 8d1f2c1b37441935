/** The load: bare TCP sockets that speak just enough WebSocket, so that the server is the slower one. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const size = 16

/** Connections to one server, each with one message on its way at a time. */
export class Load {
  readonly #clients: Client[]

  private constructor(clients: Client[]) {
    this.#clients = clients
  }

  static async open(port: number, connections: number): Promise<Load> {
    const numbers = Array.from({ length: connections }, (_, number) => number)
    return new Load(await Promise.all(numbers.map(number => openClient(port, number))))
  }

  /** Echoes for so many ms. */
  async run(duration: number): Promise<{ echoes: number; seconds: number }> {
    const start = performance.now()
    const counts = await Promise.all(this.#clients.map(client => client.run(start + duration)))
    const echoes = counts.reduce((sum, count) => sum + count)
    return { echoes, seconds: (performance.now() - start) / 1000 }
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }
}

interface Client {
  run(until: number): Promise<number>
  close(): void
}

async function openClient(port: number, number: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.write(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  await answered(socket)

  // a text of its own for each connection: an answer that went to another one is seen
  const text = Buffer.from(`echo ${String(number).padStart(size - 5, '0')}`)
  const request = masked(text)
  const reply = Buffer.concat([Buffer.from([0x81, size]), text])
  let taken = 0
  let count = 0
  let deadline = 0
  let settle: { resolve(count: number): void; reject(error: Error): void } | undefined

  socket.on('data', chunk => {
    if (
      taken + chunk.length > reply.length ||
      reply.compare(chunk, 0, chunk.length, taken, taken + chunk.length) !== 0
    ) {
      settle?.reject(new Error(`Connection ${number} got what it had not sent`))
      return
    }
    taken += chunk.length
    if (taken < reply.length) return
    taken = 0
    count++
    if (performance.now() < deadline) socket.write(request)
    else settle?.resolve(count)
  })
  socket.on('error', error => settle?.reject(error))
  socket.on('close', () => settle?.reject(new Error(`The server closed connection ${number}`)))

  return {
    run: until =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        deadline = until
        count = 0
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

async function answered(socket: Socket): Promise<void> {
  const [head] = (await once(socket, 'data')) as [Buffer]
  const said = head.toString('latin1')
  if (!said.startsWith('HTTP/1.1 101 ') || !said.endsWith('\r\n\r\n')) {
    throw new Error(`The server refused: ${said.split('\r\n', 1).join()}`)
  }
}

// RFC 6455, section 5.2: one final text frame, as a client sends it
function masked(text: Buffer): Buffer {
  const mask = [0x4d, 0x61, 0x73, 0x6b]
  return Buffer.from([
    0x81,
    0x80 | text.length,
    ...mask,
    ...text.map((byte, at) => byte ^ mask[at % 4]!),
  ])
}
