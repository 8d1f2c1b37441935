/** Plays against the server, with the browser's own WebSocket. */

import type { z } from 'zod'
import { Answer, Guess } from './shared-schema.js'

// the part of a browser that is used here
declare const location: { readonly host: string }
declare const console: { log(text: string): void }
declare class WebSocket {
  constructor(url: string)
  send(text: string): void
  onopen: () => void
  onmessage: (event: { readonly data: unknown }) => void
  onclose: (event: { readonly code: number; readonly reason: string }) => void
}

const socket = new WebSocket(`ws://${location.host}/ws`)
const bounds = { least: 0, most: 100 }
let number = 0

function guess(): void {
  number = Math.floor((bounds.least + bounds.most) / 2)
  const message: z.infer<typeof Guess> = Guess.parse({ type: 'guess', number })
  socket.send(JSON.stringify(message))
}

socket.onopen = guess
socket.onmessage = ({ data }) => {
  const answer = Answer.parse(JSON.parse(String(data)))
  if (answer.type === 'found') {
    console.log(`found ${number} in ${answer.tries}`)
    // what the schema refuses is refused on the other side too
    console.log(String(Guess.safeParse({ type: 'guess', number: 0.5 }).success))
    socket.send('{"type":"guess","number":0.5}')
  } else {
    if (answer.type === 'low') bounds.least = number + 1
    else bounds.most = number - 1
    guess()
  }
}
socket.onclose = ({ code, reason }) => console.log(`${code} ${reason}`)
