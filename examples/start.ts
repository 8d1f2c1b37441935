// Runs an example server until it is told to stop.
import { parseArgs } from 'node:util'
import { chat } from './chat/server.js'
import { hello } from './hello/server.js'
import { observe } from './observatory/server.js'

const examples: Record<string, typeof hello | typeof chat> = { hello, chat }

const { values, positionals } = parseArgs({
  options: { port: { type: 'string', short: 'p' } },
  allowPositionals: true,
})
const [name = 'hello'] = positionals
const example = examples[name]
if (!example) fail(`There is no example "${name}": ${Object.keys(examples).join(', ')}.`)
const wanted = values.port ?? process.env['PORT'] ?? '8081'
const port = Number(wanted)
if (!/^\d+$/.test(wanted) || port > 65_535) fail(`"${wanted}" is not a port: 0 to 65535.`)

const server = example(port)
observe(server)

server.listening.subscribe({
  next: ({ port }) => {
    console.log(`The page      http://localhost:${port}/`)
    console.log(`The WebSocket ws://localhost:${port}/ws`)
    console.log(`Watch it      http://localhost:${port}/observatory`)
    console.log('Ctrl+C stops it.')
  },
  error: (error: NodeJS.ErrnoException) =>
    fail(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken. Choose another: npm start -- --port ${port + 1}`
        : `Cannot listen on port ${port}: ${error.message}`,
    ),
})

// Sends the clients away with 1001; when they are gone nothing is left to run, and the process ends.
let stopping = false
function stop() {
  if (stopping) process.exit(1)
  stopping = true
  server.drain({ code: 1001, reason: 'server going away' })
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)

// npm passes SIGTERM on to the shell between it and this process, which dies of it and tells nobody
if (process.env['npm_lifecycle_event'] === 'start') {
  const shell = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(watch)
    // whoever signals all of them at once wants it once
    if (!stopping) stop()
  }, 200)
  watch.unref()
}

function fail(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}
