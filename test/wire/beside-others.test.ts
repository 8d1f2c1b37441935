import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { accept, type AcceptOptions } from 'rivulet/server'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { openClient } from './ws-client.js'

checkLeaks()

async function beside(
  options: AcceptOptions,
  other: (http: ReturnType<typeof createServer>) => void,
) {
  const http = createServer().listen(0, '127.0.0.1')
  onTestFinished(async () => {
    const closed = event(http, 'close')
    http.close()
    http.closeAllConnections()
    await closed
  })
  await event(http, 'listening')
  other(http)
  accept(http, options, ({ messages }) => messages).subscribe()
  return (http.address() as AddressInfo).port
}

test('a client that resets while another listener thinks does not end the process', async () => {
  const left: string[] = []
  const port = await beside({ path: '/ws' }, http =>
    // one that has nobody listen to errors while it thinks
    http.on('upgrade', ({ url = '' }, socket) => {
      if (url !== '/ws') socket.on('close', () => left.push(url))
    }),
  )
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ path: '/other' }))
  const mate = await openClient(`ws://127.0.0.1:${port}/ws`)
  client.tcp.resetAndDestroy()
  await expect.poll(() => left).toEqual(['/other'])
  mate.ws.send('still here')
  expect(await mate.next()).toBe('still here')
})

test.each(['at once', 'later'])(
  'a request that two take, ours %s, does not end the process',
  async when => {
    const authenticate = () =>
      when === 'later' ? new Promise(resolve => setImmediate(resolve, 1)) : 1
    const port = await beside({ authenticate }, http => new WebSocketServer({ server: http }))
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const client = await RawClient.connect(port)
    client.write(upgradeRequest())
    await expect.poll(() => warnings).toHaveLength(1)
  },
)
