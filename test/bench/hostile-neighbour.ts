/** The neighbour: says something every 10 ms, and measures how long it takes to come back. */

import { WebSocket } from 'ws'
import { event } from '../wire/event.js'

export class Neighbour {
  /** Where times go, in ms: those of what is said from now on. */
  times: number[] = []
  /** Resolves never; rejects when it is not served any more. */
  readonly lost: Promise<never>
  readonly #ws: WebSocket
  readonly #said: { readonly text: string; readonly at: number; readonly times: number[] }[] = []
  readonly #timer: NodeJS.Timeout

  private constructor(ws: WebSocket) {
    this.#ws = ws
    let count = 0
    this.#timer = setInterval(() => {
      const text = `${count++}`
      this.#said.push({ text, at: performance.now(), times: this.times })
      ws.send(text)
    }, 10)
    this.lost = new Promise((_, reject) => {
      const lose = (what: string) => reject(new Error(`The neighbour ${what}`))
      ws.on('close', code => lose(`got ${code}`))
      ws.on('error', error => lose(`got ${error.message}`))
      ws.on('message', (data: Buffer) => {
        const said = this.#said.shift()
        if (said?.text !== data.toString()) {
          lose('got what it had not said')
          return
        }
        said.times.push(performance.now() - said.at)
      })
    })
    this.lost.catch(() => undefined)
  }

  static async open(port: number): Promise<Neighbour> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false })
    await event(ws, 'open')
    return new Neighbour(ws)
  }

  /** How much of what it said has not come back. */
  get waiting(): number {
    return this.#said.length
  }

  close(): void {
    clearInterval(this.#timer)
    this.#ws.terminate()
  }
}
