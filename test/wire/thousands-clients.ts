import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { event } from './event.js'
import { opcodes } from './frame.js'
import { RawClient } from './raw-client.js'

/** As many connections as wanted, or, said in one line, as the limit of descriptors allows. */
export function affordable(wanted: number): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n']).toString().trim()
  // both ends of a connection are in this process; the rest is for what else it has open
  const count = limit === 'unlimited' ? wanted : Math.floor((Number(limit) - 200) / 8) * 4
  if (count >= wanted) return wanted
  console.warn(`${count} connections instead of ${wanted}: ulimit -n is ${limit}`)
  return count
}

/** Makes so many, some at a time: a listening socket holds only so many that wait. */
export async function many<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  const all: T[] = []
  while (all.length < count) {
    const some = Math.min(100, count - all.length)
    const start = all.length
    all.push(...(await Promise.all(Array.from({ length: some }, (_, at) => make(start + at)))))
  }
  return all
}

/** How a client saw its connection. */
export interface Seen {
  readonly ws: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
}

const polite = new Set<WebSocket>()
let cleaning = false

/** Connects politely: pings are answered, a Close frame too. The test's end drops it. */
export async function openPolite(url: string): Promise<Seen> {
  const ws = new WebSocket(url, { perMessageDeflate: false })
  polite.add(ws)
  const closed = new Promise<{ code: number; reason: string }>(resolve =>
    ws.once('close', (code, reason) => {
      polite.delete(ws)
      resolve({ code, reason: reason.toString() })
    }),
  )
  if (!cleaning) {
    cleaning = true
    // one a test, and not one a socket: there are thousands
    onTestFinished(() => {
      cleaning = false
      for (const each of polite) each.terminate()
    })
  }
  await event(ws, 'open')
  ws.on('error', () => undefined)
  return { ws, closed }
}

/** Connects, and shows that it is alive whenever something comes, until it is told to go silent. */
export async function openRaw(port: number, path: string): Promise<RawClient> {
  const client = await RawClient.upgraded(port, path)
  client.tcp.on('data', () => client.frame(opcodes.pong))
  return client
}

/** Reads nothing and answers nothing any more; TCP stays. */
export function fallSilent({ tcp }: RawClient): void {
  tcp.removeAllListeners('data')
  tcp.pause()
}
