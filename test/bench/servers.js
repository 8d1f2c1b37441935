// The servers, each in a process of its own: `node servers.js rivulet echo`.
// Plain JavaScript, so that Node resolves `rivulet` to the built package and nothing compiles in between.
import { createInterface } from 'node:readline'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { interval, map, Subject } from 'rxjs'
import { Server } from 'socket.io'
import { WebSocketServer } from 'ws'
import { prepare } from 'rivulet'
import { serve } from 'rivulet/server'

const host = '127.0.0.1'
const ready = ({ port }) => console.log(port)

/** A message of 64 bytes. */
const news = number => `news ${number}`.padEnd(64, '.')

function ws(taken) {
  const server = new WebSocketServer({ port: 0, host, clientTracking: true })
  server.on('connection', taken)
  server.on('listening', () => ready(server.address()))
  return server
}

function socketIo(taken) {
  const http = createHttpServer()
  // no long polling, and no heartbeat while it is measured
  const io = new Server(http, { transports: ['websocket'], pingInterval: 3_600_000 })
  io.on('connection', socket => taken(socket, io))
  http.listen({ port: 0, host }, () => ready(http.address()))
}

const servers = {
  rivulet: {
    echo: () =>
      serve(
        { port: 0, host, limits: { connections: 20_000 } },
        ({ messages }) => messages,
      ).listening.subscribe(ready),
    fan() {
      const topic = new Subject()
      const burst = message => {
        for (let number = 0; number < Number(message); number++) topic.next(prepare(news(number)))
      }
      const handler = ({ read }) => {
        read(burst)
        return topic
      }
      serve({ port: 0, host, limits: { connections: 20_000 } }, handler).listening.subscribe(ready)
    },
    hello() {
      const writer = () => interval(1_000).pipe(map(() => 'hello'))
      serve({ port: 0, host, limits: { connections: 20_000 } }, writer).listening.subscribe(ready)
    },
  },
  ws: {
    echo() {
      ws(socket => socket.on('message', (data, binary) => socket.send(data, { binary })))
    },
    fan() {
      const server = ws(socket =>
        socket.on('message', message => {
          for (let number = 0; number < Number(message); number++) {
            const text = news(number)
            for (const client of server.clients) client.send(text)
          }
        }),
      )
    },
    hello() {
      ws(socket => {
        const timer = setInterval(() => socket.send('hello'), 1_000)
        socket.on('message', () => undefined)
        socket.on('close', () => clearInterval(timer))
      })
    },
  },
  'socket.io': {
    echo: () => socketIo(socket => socket.on('m', message => socket.emit('m', message))),
    fan() {
      socketIo((socket, io) =>
        socket.on('m', message => {
          for (let number = 0; number < Number(message); number++) io.emit('m', news(number))
        }),
      )
    },
  },
  // the limit: what a server would do that has nothing to do
  tcp: {
    echo() {
      const server = createServer({ noDelay: true }, socket => {
        socket.on('error', () => undefined)
        socket.pipe(socket)
      })
      server.listen({ port: 0, host }, () => ready(server.address()))
    },
  },
}

const [, , name, role] = process.argv
servers[name][role]()

// asked to collect its garbage; whoever started it is gone when there is nobody to ask
createInterface(process.stdin)
  .on('line', () => {
    globalThis.gc?.()
    console.log(process.memoryUsage().heapUsed)
  })
  .on('close', () => process.exit())
