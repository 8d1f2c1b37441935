// Runs an example server until it is told to stop.
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import type { Observable } from 'rxjs'
import type { InspectableServer } from 'rivulet'
import type { Server } from 'rivulet/server'
import { observe } from './observatory/server.js'

/** What an example gives: where it listens, how it is told to stop, and what can be seen of it. */
type Running = InspectableServer &
  Pick<Server, 'accept'> & {
    readonly listening: Observable<Pick<AddressInfo, 'port'>>
    drain(options: { code: number; reason: string }): unknown
  }

interface Example {
  /** Loads it alone: hello is not to wait for Express. */
  readonly load: () => Promise<(port: number, argument?: string) => Running>
  readonly about: string
}

const examples = new Map<string, Example>([
  [
    'hello',
    {
      load: async () => (await import('./hello/server.js')).hello,
      about: 'says hello every five seconds',
    },
  ],
  [
    'echo',
    {
      load: async () => (await import('./echo/server.js')).echo,
      about: 'sends back what comes in',
    },
  ],
  [
    'chat',
    {
      load: async () => (await import('./chat/server.js')).chat,
      about: 'rooms: who is here, and who is too slow',
    },
  ],
  [
    'tail',
    {
      load: async () => (await import('./tail/server.js')).tail,
      about: 'follows a file as it grows: npm start -- tail /var/log/syslog',
    },
  ],
  [
    'ticker',
    {
      load: async () => (await import('./ticker/server.js')).ticker,
      about: 'prices faster than anybody paints, the newest of each',
    },
  ],
  [
    'tokens',
    {
      load: async () => (await import('./tokens/server.js')).tokens,
      about: 'answers word by word, until they are stopped',
    },
  ],
  [
    'beside-express',
    {
      load: async () => (await import('./beside-express/server.js')).besideExpress,
      about: 'a WebSocket beside Express, with its session',
    },
  ],
])

const help = `npm start -- [example] [--port 8081]

${[...examples].map(([name, { about }]) => `  ${name.padEnd(16)}${about}`).join('\n')}

  --port, -p      the port; else PORT of the environment; else 8081. 0 takes a free one
  --list, -l      the names alone, with what each does
  --help, -h      this
`

const { values, positionals } = parsed()
if (values.help) end(help)
if (values.list) end([...examples].map(([name, { about }]) => `${name}: ${about}\n`).join(''))
const [name = 'hello', argument] = positionals
const example = examples.get(name)
if (!example) fail(`There is no example "${name}": ${[...examples.keys()].join(', ')}.`)
const wanted = values.port ?? process.env['PORT'] ?? '8081'
const port = Number(wanted)
if (!/^\d+$/.test(wanted) || port > 65_535) fail(`"${wanted}" is not a port: 0 to 65535.`)

const start = await example.load()
const server = start(port, argument)
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

function parsed() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', short: 'p' },
        list: { type: 'boolean', short: 'l' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    })
  } catch (error) {
    // Node's sentence, and where to look
    return fail(`${(error as Error).message.split('. ')[0]}. See npm start -- --help`)
  }
}

function end(text: string): never {
  process.stdout.write(text)
  process.exit(0)
}
