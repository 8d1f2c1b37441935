/** The real world: a server and a client on `ws`, each a connection of ours, through a proxy. */

import { type AddressInfo, createServer, type Server as TcpServer } from 'node:net'
import { filter, firstValueFrom } from 'rxjs'
import { onTestFinished } from 'vitest'
import { connect, type Connection } from 'rivulet'
import { event } from '../wire/event.js'
import { nextOf, serving } from '../wire/serving.js'
import { Proxy } from './proxy.js'
import type { Situation } from './situations.js'
import { type End, type EndSpec, type Outcome, payload, timeouts } from './world.js'

export async function overRealSockets(situation: Situation): Promise<Record<End, Outcome>> {
  if (situation.doorman !== undefined) return beforeOpen(situation)
  const { options, handler } = situation.server ?? {}
  const { server, port } = await serving(
    { ...options, timeouts: timeoutsOf(situation.server), limits: { payload } },
    handler,
  )
  const proxy = await Proxy.before(port)
  onTestFinished(() => proxy.stop())
  const taken = nextOf(server)
  const client = openClient(proxy.port, situation.client)
  const accepted = await taken
  // also when it closes as soon as it is open
  await firstValueFrom(client.states.pipe(filter(state => state !== 'connecting')))
  situation.act?.({
    server: accepted,
    client,
    wire: proxy,
    goAway: () => void server.close(),
    drain: options => void server.drain(options),
  })
  const [first, second] = await Promise.all([
    outcomeOf(accepted, situation.expected.server),
    outcomeOf(client, situation.expected.client),
  ])
  return { server: first(), client: second() }
}

async function beforeOpen(situation: Situation): Promise<Record<End, Outcome>> {
  const doorman = await doormanOf(situation.doorman)
  const { port } = doorman.address() as AddressInfo
  if (situation.doorman === 'is not there') {
    doorman.close()
    await event(doorman, 'close')
  }
  const client = openClient(port, situation.client)
  situation.early?.(client)
  const close = await firstValueFrom(client.closed)
  return { server: 'is not ours', client: close }
}

async function doormanOf(kind: Situation['doorman']): Promise<TcpServer> {
  const listener = createServer(tcp => {
    tcp.on('error', () => undefined)
    onTestFinished(() => void tcp.destroy())
    tcp.once('data', () => {
      if (kind === 'refuses with 503') {
        tcp.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 7\r\n\r\n')
      } else if (kind === 'hangs up') {
        tcp.end()
      }
    })
  })
  listener.listen(0, '127.0.0.1')
  await event(listener, 'listening')
  onTestFinished(() => void listener.close())
  return listener
}

function timeoutsOf(spec: EndSpec | undefined) {
  return { ...timeouts, ...spec?.options?.timeouts }
}

function openClient(port: number, spec: EndSpec = {}): Connection {
  const options = { ...spec.options, timeouts: timeoutsOf(spec), limits: { payload } }
  let client: Connection | undefined
  const subscription = connect(`ws://127.0.0.1:${port}`, options, spec.handler).subscribe({
    next: connection => (client = connection),
    // it is in the Close, too
    error: () => undefined,
  })
  onTestFinished(() => subscription.unsubscribe())
  if (!client) throw new Error('connect emits at once')
  return client
}

/** Asked when both ends have what they wait for: one that is to stay open is looked at then. */
async function outcomeOf(connection: Connection, expected: string): Promise<() => Outcome> {
  if (expected === 'is not ours') return () => 'is not ours'
  if (expected === 'stays open') {
    return () => {
      if (connection.state !== 'open') throw new Error(`It is ${connection.state}`)
      return 'stays open'
    }
  }
  const close = await firstValueFrom(connection.closed)
  return () => close
}
