import { firstValueFrom, NEVER, Observable } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { ConnectionLostError } from 'rivulet'
import { opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving } from './serving.js'

checkLeaks()

const ways: [string, (client: RawClient) => unknown][] = [
  ['FIN without a Close frame', client => client.tcp.destroy()],
  ['RST', client => client.tcp.resetAndDestroy()],
  [
    'FIN in the middle of a frame',
    client => {
      client.write(Uint8Array.of(0x81, 0xfe, 0xff))
      client.tcp.end()
    },
  ],
]

describe.each(ways)('%s', (_, drop) => {
  test('is 1006 by the network, caused by a ConnectionLostError', async () => {
    const { port, server } = await serving({}, () => NEVER)
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    const closed = firstValueFrom(connection.closed)
    drop(client)
    const close = await closed
    expect(close).toMatchObject({ code: 1006, reason: '', wasClean: false, by: 'network' })
    expect(close).not.toHaveProperty('sent')
    expect(close).not.toHaveProperty('received')
    expect(close.cause).toBeInstanceOf(ConnectionLostError)
    expect(close.cause).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    expect(connection.state).toBe('closed')
    // the same value, also for who comes late
    expect(await firstValueFrom(connection.closed)).toBe(close)
  })

  test('ends everything in order', async () => {
    const log: string[] = []
    const { port, server } = await serving({}, connection => {
      const { messages, closed, states } = connection
      const done = (what: string) => ({ complete: () => log.push(`${what} completes`) })
      states.subscribe({ next: state => log.push(`state ${state}`), ...done('states') })
      closed.subscribe({
        next: ({ code }) => log.push(`closed ${code} in ${connection.state}`),
        ...done('closed'),
      })
      messages.subscribe(done('messages'))
      return new Observable<string>(() => () => log.push('writer unsubscribed'))
    })
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    const ended = new Promise<void>(resolve => connection.states.subscribe({ complete: resolve }))
    drop(client)
    await ended
    expect(log).toEqual([
      'state open',
      'writer unsubscribed',
      'state closed',
      'messages completes',
      'closed 1006 in closed',
      'closed completes',
      'states completes',
    ])
  })

  test('ends a for await loop', async () => {
    const { port, server } = await serving()
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    client.frame(opcodes.text, 'last')
    const got: unknown[] = []
    for await (const message of connection) {
      got.push(message)
      drop(client)
    }
    expect(got).toEqual(['last'])
    expect(connection.state).toBe('closed')
  })
})

test('a reset is told in the cause', async () => {
  const { port, server } = await serving({}, () => NEVER)
  const opened = nextOf(server)
  const client = await RawClient.upgraded(port)
  const closed = firstValueFrom((await opened).closed)
  client.tcp.resetAndDestroy()
  expect((await closed).cause?.cause).toMatchObject({ code: 'ECONNRESET' })
})
