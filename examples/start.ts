// Runs an example server until it is told to stop.
import { parseArgs } from 'node:util'
import { hello } from './hello/server.js'

const { values } = parseArgs({ options: { port: { type: 'string', short: 'p' } } })
const wanted = values.port ?? process.env['PORT'] ?? '8081'
const port = Number(wanted)
if (!/^\d+$/.test(wanted) || port > 65_535) fail(`"${wanted}" is not a port: 0 to 65535.`)

const server = hello(port)

server.listening.subscribe({
  next: ({ port }) => {
    console.log(`The page      http://localhost:${port}/`)
    console.log(`The WebSocket ws://localhost:${port}/ws`)
    console.log('Ctrl+C stops it.')
  },
  error: (error: NodeJS.ErrnoException) =>
    fail(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken. Choose another: npm start -- --port ${port + 1}`
        : `Cannot listen on port ${port}: ${error.message}`,
    ),
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // clients are told 1001; nothing is left to run then, so the process ends
    server.close()
  })
}

function fail(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}
