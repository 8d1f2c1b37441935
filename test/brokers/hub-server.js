// A server in a process of its own, whose connections are members of the topic that their URL names:
// `node hub-server.js '{"source":"dist","kind":"nats","url":"nats://…"}'`
// Plain JavaScript, so that nothing but the server is compiled in its process.

const { source, kind, url, options } = JSON.parse(process.argv[2])

const from = path =>
  import(
    source === 'src'
      ? `../../src/${path === 'rivulet' ? 'index' : path === 'server' ? 'server/index' : `hub/${path}`}.ts`
      : path === 'rivulet'
        ? 'rivulet'
        : `rivulet/${path}`
  )
const { createHub, text } = await from('rivulet')
const { serve } = await from('server')
const broker = kind && (await from(kind))[kind](url, options)

const tell = message => process.connected && process.send(message, () => undefined)

const hub = createHub({ broker })
hub.status.subscribe(({ name, cause, unconfirmed }) =>
  tell({ status: { name, cause: cause?.message, unconfirmed } }),
)

// how far each topic reaches that somebody is in
const reaches = new Map()
function topicOf(name) {
  const topic = hub.topic(name, { codec: text })
  if (!reaches.has(name)) {
    reaches.set(name, 'joining')
    topic.reach.subscribe(reach => {
      reaches.set(name, reach)
      tell({ reaches: Object.fromEntries(reaches) })
    })
  }
  return topic
}

const server = serve({ port: 0, host: '127.0.0.1', codec: text }, ({ handshake, read }) => {
  const topic = topicOf(handshake.url.slice(2))
  read(topic.publish)
  return topic
})
server.listening.subscribe(({ port }) => tell({ port }))

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  tell({ flow: hub.flow, used: user + system, rss: process.memoryUsage.rss() })
})

// whoever started it is gone
process.on('disconnect', () => process.exit())
