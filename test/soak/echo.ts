/** An echo to one client that sends as fast as it can: it reads what comes back, or never does. */

import type { Socket } from 'node:net'
import { type Child, type Library, type Plan } from './child.js'
import { frame, maskedFrame, open } from './client.js'
import { textOf } from './content.js'
import { check, type Run, run } from './run.js'
import { cap, messageSize, type Size } from './size.js'

/** As many messages as are made; they are sent again and again. */
const round = 64

export async function echoes(
  size: Size,
  libraries: readonly Library[] = ['rivulet', 'ws'],
): Promise<{
  readonly calm: Run
  readonly stalled: readonly Run[]
  readonly ws: readonly Run[]
}> {
  return {
    calm: await echo('rivulet, it reads', size, 'rivulet', true),
    stalled: [await echo('rivulet, it never reads', size, 'rivulet', false)],
    ws: !libraries.includes('ws')
      ? []
      : [
          await echo('raw ws, it reads', size, 'ws', true),
          await echo('raw ws, it never reads', size, 'ws', false),
        ],
  }
}

function echo(name: string, size: Size, library: Library, reads: boolean): Promise<Run> {
  const { source, seed, stall, flood } = size
  const options = { timeouts: { stall, close: 1_000 } }
  const plan: Plan = { kind: 'echo', library, source, seed, size: messageSize, cap, options }
  const messages = Math.ceil(flood / messageSize / round) * round
  return run(name, plan, async server => {
    const tcp = await open(server.port)
    try {
      const back = reads ? readAll(tcp, seed, messages) : undefined
      const sent = await sendAll(tcp, seed, messages, server)
      await back
      if (reads) return `${messages} messages came back`
      if (library === 'ws') {
        await settled(server)
        return `it took ${sent} messages`
      }
      const patience = stall + 10_000
      await server.until(() => server.ended.length > 0, patience, 'rid of who never reads')
      const { code, sent: told, cause, timeout } = server.ended[0]!
      const seen = `${code} ${told ?? '-'} ${cause ?? '-'} ${timeout ?? '-'}`
      check(seen === '1006 1013 ERR_TIMEOUT stall', `it ended with ${seen}, not with a stall`)
      const { flow } = server.ended[0]!
      check(flow.sent < messages / 2, `${flow.sent} messages were echoed to who never reads`)
      return `${flow.sent + flow.dropped + flow.refused} messages were taken, then 1013`
    } finally {
      tcp.destroy()
    }
  })
}

/** Sends until all is sent, or the other end takes no more, or has too much. */
async function sendAll(
  tcp: Socket,
  seed: number,
  messages: number,
  server: Child,
): Promise<number> {
  const text = textOf(seed, messageSize)
  const frames = Array.from({ length: round }, (_, n) => maskedFrame(1, text(n)))
  const over = new Promise<void>(resolve => tcp.once('close', resolve))
  for (let sent = 0; sent < messages; sent++) {
    if (server.rss > cap || tcp.destroyed) return sent
    if (tcp.write(frames[sent % round]!)) continue
    await Promise.race([new Promise<void>(resolve => tcp.once('drain', resolve)), over])
  }
  return messages
}

/** Compares what comes back with what was sent, byte by byte. */
function readAll(tcp: Socket, seed: number, messages: number): Promise<void> {
  const text = textOf(seed, messageSize)
  const frames = Buffer.concat(Array.from({ length: round }, (_, n) => frame(1, text(n))))
  let left = (frames.length / round) * messages
  let at = 0
  return new Promise((resolve, reject) => {
    tcp.on('close', () => reject(new Error(`the connection ended, ${left} bytes too early`)))
    tcp.on('data', (chunk: Buffer) => {
      left -= chunk.length
      for (let taken = 0; taken < chunk.length;) {
        const length = Math.min(chunk.length - taken, frames.length - at)
        if (frames.compare(chunk, taken, taken + length, at, at + length) !== 0) {
          reject(new Error('what came back is not what was sent'))
          return
        }
        taken += length
        at = (at + length) % frames.length
      }
      if (left === 0) resolve()
      else if (left < 0) reject(new Error('more came back than was sent'))
    })
    tcp.resume()
  })
}

/** Gives the server time to read what it was sent. */
async function settled(server: Child): Promise<void> {
  const deadline = Date.now() + 3_000
  await server.until(() => server.rss > cap || Date.now() > deadline, 5_000, 'settled')
}
