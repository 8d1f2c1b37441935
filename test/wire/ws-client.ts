import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { event } from './event.js'

/** A polite client: what it got is kept until somebody asks for it. */
export interface Client {
  readonly ws: WebSocket
  /** The next message: a string, or the bytes of a binary one. */
  next(): Promise<string | Buffer>
  /** The code and reason that it saw. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Connects, and waits until it is open. The test's end drops it. */
export async function openClient(url: string, options: ClientOptions = {}): Promise<Client> {
  const ws = new WebSocket(url, options)
  onTestFinished(() => ws.terminate())
  const got: (string | Buffer)[] = []
  const asking: ((message: string | Buffer) => void)[] = []
  ws.on('message', (data: Buffer, isBinary) => {
    const message = isBinary ? data : data.toString()
    const ask = asking.shift()
    if (ask) ask(message)
    else got.push(message)
  })
  const closed = new Promise<{ code: number; reason: string }>(resolve =>
    ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
  await event(ws, 'open')
  ws.on('error', () => undefined)
  return {
    ws,
    closed,
    next() {
      const message = got.shift()
      if (message !== undefined) return Promise.resolve(message)
      return new Promise(resolve => asking.push(resolve))
    },
  }
}
