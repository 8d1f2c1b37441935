// A server in a process of its own, that tells its memory, and how its connections ended.
// Plain JavaScript, so that nothing compiles in its process, and only the server is weighed.
import { createHash } from 'node:crypto'
import { Subject } from 'rxjs'
import { WebSocketServer } from 'ws'
import { chunkOf, textOf } from './content.js'

const { kind, library, source, seed, size, burst, count, cap, options } = JSON.parse(
  process.argv[2],
)
const host = '127.0.0.1'

// whoever listened may be gone in the same moment
const tell = message => process.connected && process.send(message, () => undefined)
const gc = globalThis.gc ?? (() => undefined)
const rss = () => process.memoryUsage.rss()
const sample = () => tell({ at: performance.now(), rss: rss() })

// what the parent asks for
const orders = { burst() {}, finish() {}, collect: () => (gc(), sample()) }

const text = textOf(seed, size)
// as many prices as a burst has messages: who reads, reads each before its next
const keyOf = message => Number(message.slice(0, 8)) % burst
const chunk = chunkOf(seed, size)

/** The chunks, hashed on their way. */
async function* chunks(end = count) {
  const hash = createHash('sha256')
  for (let n = 0; n < end; n++) {
    const next = chunk(n)
    hash.update(next)
    yield next
  }
  if (end === count) tell({ hash: hash.digest('hex') })
}

// Making chunks, even to throw them away, takes memory of its own, which goes and comes back as the
// collector likes: a transfer is measured from the most that it took.
async function warmUp() {
  let most = 0
  for await (const each of chunks(Math.floor(count / 4))) {
    if (each.length > 0) most = Math.max(most, rss())
    await new Promise(setImmediate)
  }
  return most
}

async function serveRivulet() {
  const [{ serve }, { fragments, latest }] = await Promise.all(
    source === 'src'
      ? [import('../../src/server/index.ts'), import('../../src/index.ts')]
      : [import('rivulet/server'), import('rivulet')],
  )
  const { overflow = 'close', timeouts } = options
  const room = new Subject()
  orders.burst = (from, to) => {
    for (let n = from; n < to; n++) room.next(text(n))
  }
  orders.finish = () => room.complete()
  const handlers = {
    broadcast: () => room,
    echo: ({ messages }) => messages,
    messages: () => chunks(),
    async *fragments() {
      yield fragments(chunks())
    },
  }
  const outbox = { overflow: overflow === 'latest' ? latest(keyOf) : overflow }
  // pings would come between the bytes that the clients know
  const heartbeat = kind === 'broadcast' ? false : undefined
  const server = serve({ port: 0, host, outbox, timeouts, heartbeat }, handlers[kind])
  server.connections.subscribe(({ states, closed, flow }) => {
    states.subscribe(state => state === 'closing' && tell({ left: performance.now() }))
    closed.subscribe(({ code, sent, by, cause }) => {
      const ended = { code, sent, by, cause: cause?.code, timeout: cause?.timeout }
      tell({ ended: { ...ended, flow: flow.snapshot() } })
    })
  })
  server.listening.subscribe(ready)
}

function serveWs() {
  const server = new WebSocketServer({ port: 0, host })
  orders.burst = (from, to) => {
    for (let n = from; n < to; n++) {
      const message = text(n)
      for (const client of server.clients) client.send(message)
    }
  }
  orders.finish = () => {
    for (const client of server.clients) client.close(1000)
  }
  const handlers = {
    broadcast() {},
    echo: socket => socket.on('message', (data, binary) => socket.send(data, { binary })),
    // awaiting the source is all the pace that there is
    async messages(socket) {
      for await (const each of chunks()) {
        if (rss() > cap) return
        socket.send(each)
        await new Promise(setImmediate)
      }
      socket.close(1000)
    },
  }
  server.on('connection', socket => {
    socket.on('error', () => undefined)
    handlers[kind](socket)
  })
  server.on('listening', () => ready(server.address()))
}

function ready({ port }) {
  if (count === undefined) gc()
  sample()
  tell({ port, base: Math.max(warm, rss()) })
  setInterval(sample, 50)
}

process.on('message', ({ order, from, to }) => orders[order](from, to))
// whoever started it is gone
process.on('disconnect', () => process.exit())

const warm = count === undefined ? 0 : await warmUp()
if (library === 'ws') serveWs()
else await serveRivulet()
