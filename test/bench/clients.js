// A client in a process of its own: 64 connections that play ping-pong with the server at `url`.
//     node clients.js rivulet ws://127.0.0.1:8081 16
import { createInterface } from 'node:readline'
import { webSocket } from 'rxjs/webSocket'
import { WebSocket } from 'ws'
import { connect } from 'rivulet'

const connections = 64
const text = 'echo of 16 bytes'
const [, , name, url, inFlight] = process.argv
const first = Array.from({ length: Number(inFlight) }, () => text)
let echoes = 0

function check(message) {
  if (message !== text) throw new Error(`Not what was sent: ${message}`)
  echoes++
}

const clients = {
  rivulet() {
    connect(url, {}, ({ send, read }) => {
      read(message => {
        check(message)
        send(message)
      })
      for (const message of first) send(message)
    }).subscribe()
  },
  rxjs() {
    const plain = { serializer: value => value, deserializer: ({ data }) => data }
    const socket = webSocket({ url, WebSocketCtor: WebSocket, ...plain })
    socket.subscribe(message => {
      check(message)
      socket.next(message)
    })
    for (const message of first) socket.next(message)
  },
}
for (let number = 0; number < connections; number++) clients[name]()

console.log(0)
createInterface(process.stdin)
  .on('line', () => console.log(echoes))
  .on('close', () => process.exit())
