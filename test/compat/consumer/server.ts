/** What the compiler knows in a project that uses the server. Never run. */

import { createServer } from 'node:http'
import { interval, map, type Observable } from 'rxjs'
import {
  type Close,
  createHub,
  json,
  type Message,
  type StandardSchema,
  type Writer,
} from 'rivulet'
import { accept, anyOrigin, serve } from 'rivulet/server'
import { virtualTime } from 'rivulet/testing'

interface Chat {
  readonly text: string
}
declare const Chat: StandardSchema<Chat>

export const server = serve({ port: 0, checkOrigin: anyOrigin }, ({ messages, closed }) => {
  const bytes: Observable<Message> = messages
  closed.subscribe((close: Close) => console.log(close.code, close.cause?.message))
  return bytes
})

export const room = createHub().topic<Chat>('room')

serve({ port: 0, codec: json(Chat) }, ({ read, send }) => {
  read(message => room.publish({ text: message.text }))
  // @ts-expect-error there is no such member
  read(message => console.log(message.txt))
  // @ts-expect-error that is no message
  send({ txt: '' })
  const writer: Writer<Chat> = room
  return writer
})

// @ts-expect-error a handler returns its writer, not a word
serve({ port: 0 }, () => 'hello')

accept(createServer(), { path: '/ws' }, async function* (connection) {
  for await (const message of connection) yield message
}).subscribe(({ id }) => id.length)

virtualTime(({ accept }) => {
  const { peer } = accept(() => interval(1_000).pipe(map(second => `${second}`)))
  return peer.received
})
