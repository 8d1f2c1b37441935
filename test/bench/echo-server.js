// An echo server in a process of its own: `node echo-server.js rivulet`, or `ws`.
// Plain JavaScript, so that Node resolves `rivulet` to the built package and nothing compiles in between.
import { WebSocketServer } from 'ws'
import { serve } from 'rivulet/server'

const host = '127.0.0.1'

const servers = {
  rivulet(ready) {
    serve({ port: 0, host }, ({ messages }) => messages).listening.subscribe(ready)
  },
  ws(ready) {
    const server = new WebSocketServer({ port: 0, host })
    server.on('connection', socket =>
      socket.on('message', (data, binary) => socket.send(data, { binary })),
    )
    server.on('listening', () => ready(server.address()))
  },
}

servers[process.argv[2]](({ port }) => process.send({ port }))

// asked for the processor time that it has used, in µs
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ used: user + system })
})

// whoever started it is gone
process.on('disconnect', () => process.exit())
