import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { event } from './event.js'

export { switching } from './handshake.js'

/** What a raw server makes of a request: `key` is that of its handshake. */
export type RawAnswer = (tcp: Socket, key: string) => void

/**
 * A server that does what no HTTP library would do: `answer` is called when the head of a request
 * has come. The test's end drops it, and whom it has.
 */
export async function rawServing(answer: RawAnswer): Promise<{ port: number; url: string }> {
  return listening(tcp => {
    let head = ''
    const onData = (data: Buffer) => {
      head += data.toString('latin1')
      if (!head.endsWith('\r\n\r\n')) return
      tcp.off('data', onData)
      answer(tcp, /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '')
    }
    tcp.on('data', onData)
  })
}

/** A server that does not wait for a request. */
export async function listening(
  accept: (tcp: Socket) => void,
): Promise<{ port: number; url: string }> {
  const live = new Set<Socket>()
  const server = createServer(tcp => {
    live.add(tcp)
    tcp.once('close', () => live.delete(tcp))
    // a reset is an end too
    tcp.on('error', () => undefined)
    accept(tcp)
  }).listen(0, '127.0.0.1')
  await event(server, 'listening')
  onTestFinished(async () => {
    for (const each of live) each.destroy()
    server.close()
    await event(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `ws://127.0.0.1:${port}` }
}
