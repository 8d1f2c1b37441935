import { describe, expect, test } from 'vitest'
import { opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { serving } from './serving.js'

checkLeaks()

const echoing = () => serving({ timeouts: { handshake: 200 } }, ({ messages }) => messages)

async function lives({ port }: { port: number }): Promise<void> {
  const client = await RawClient.upgraded(port)
  client.frame(opcodes.text, 'alive')
  expect((await client.next()).payload.toString()).toBe('alive')
}

describe('garbage instead of HTTP', () => {
  test.each<[string, string | Uint8Array]>([
    ['a TLS hello', Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03)],
    ['a text', 'hello?\r\n\r\n'],
    ['zeros', new Uint8Array(1024)],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n'],
  ])('such as %s is a 400, and the server lives on', async (_, bytes) => {
    const running = await echoing()
    const client = await RawClient.connect(running.port)
    client.write(bytes)
    expect((await client.answer()).line).toBe('HTTP/1.1 400 Bad Request')
    await client.rest()
    await lives(running)
  })

  test('in headers without end is a 431', async () => {
    const running = await echoing()
    const client = await RawClient.connect(running.port)
    client.write(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`)
    expect((await client.answer()).status).toBe(431)
    await lives(running)
  })
})

describe('a handshake that never ends', () => {
  test.each([
    ['nothing at all', ''],
    ['half a request line', 'GET /'],
    ['half the headers', upgradeRequest().slice(0, 60)],
    ['all but the last byte', upgradeRequest().slice(0, -1)],
  ])('after %s is a 408 at timeouts.handshake, and the server lives on', async (_, bytes) => {
    const running = await echoing()
    const client = await RawClient.connect(running.port)
    const began = performance.now()
    client.write(bytes)
    expect((await client.answer()).status).toBe(408)
    await client.rest()
    expect(performance.now() - began).toBeGreaterThan(150)
    await lives(running)
  })

  test('does not bind an open connection to its deadline', async () => {
    const running = await echoing()
    const open = await RawClient.upgraded(running.port)
    const slow = await RawClient.connect(running.port)
    slow.write('GET /')
    // it came later than the open one, so by now the open one has outlived the deadline too
    await slow.rest()
    open.frame(opcodes.text, 'still open')
    expect((await open.next()).payload.toString()).toBe('still open')
  })
})

describe.each<[string, (client: RawClient) => unknown]>([
  ['destroys', client => client.tcp.destroy()],
  ['resets', client => client.tcp.resetAndDestroy()],
])('a client that %s its socket right behind the request', (_, drop) => {
  test('harms nobody, 200 times', async () => {
    const running = await serving({}, ({ messages, send }) => {
      send('welcome')
      return messages
    })
    for (let round = 0; round < 200; round++) {
      const client = await RawClient.connect(running.port)
      client.tcp.write(upgradeRequest(), () => drop(client))
    }
    const client = await RawClient.upgraded(running.port)
    expect((await client.next()).payload.toString()).toBe('welcome')
  })
})
