import { firstValueFrom, map, NEVER, throwError } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { ApplicationError, CodecError, type Handler, type Message } from 'rivulet'
import { checkLeaks } from './leak-check.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

const boom = new Error('boom')
const explode = (): never => {
  throw boom
}

type Failure = [what: string, where: ApplicationError['where'], cause: unknown, handler: Handler]

// Each fails for a client of /bad only, at its first message if not before.
const failures: Failure[] = [
  ['a handler that throws', 'handler', boom, explode],
  [
    'an async handler',
    'handler',
    expect.any(TypeError),
    (() => Promise.resolve()) as unknown as Handler,
  ],
  [
    'an async handler that throws',
    'handler',
    expect.any(TypeError),
    (() => Promise.reject(boom)) as unknown as Handler,
  ],
  [
    'a handler that returns a string',
    'handler',
    expect.any(TypeError),
    (() => 'hello') as unknown as Handler,
  ],
  [
    'a handler that returns null',
    'handler',
    expect.any(TypeError),
    (() => null) as unknown as Handler,
  ],
  ['a writer that errors', 'writer', boom, () => throwError(() => boom)],
  [
    'a writer that errors at a message',
    'writer',
    boom,
    ({ messages }) => messages.pipe(map(explode)),
  ],
  [
    'an async generator that throws',
    'writer',
    boom,
    async function* (connection): AsyncGenerator<Message> {
      for await (const message of connection) yield message && explode()
    },
  ],
  [
    'a throw in read',
    'read',
    boom,
    ({ read }) => {
      read(explode)
      return NEVER
    },
  ],
]

describe.each(failures)('%s', (_, where, cause, handler) => {
  test('closes its connection with 1011 and no other', async () => {
    const { url, server } = await serving({}, connection =>
      connection.handshake.url === '/bad' ? handler(connection) : connection.messages,
    )
    const before = await openClient(url)
    const opened = nextOf(server)
    const bad = await openClient(`${url}/bad`)
    const connection = await opened
    bad.ws.send('go')
    expect(await bad.closed).toEqual({ code: 1011, reason: 'internal error' })
    const close = await firstValueFrom(connection.closed)
    expect(close).toMatchObject({ code: 1011, by: 'local', sent: 1011, wasClean: true })
    expect(close.cause).toBeInstanceOf(ApplicationError)
    expect(close.cause).toMatchObject({ code: 'ERR_APPLICATION', where, cause })

    const after = await openClient(url)
    for (const client of [before, after]) {
      client.ws.send('fine')
      expect(await client.next()).toBe('fine')
    }
  })
})

test('a value that is no message closes with 1011', async () => {
  const { url, server } = await serving({}, (() => [7]) as unknown as Handler)
  const opened = nextOf(server)
  const client = await openClient(url)
  expect(await client.closed).toMatchObject({ code: 1011 })
  expect((await firstValueFrom((await opened).closed)).cause).toBeInstanceOf(Error)
})

test('a value that does not encode closes with 1011 and is counted', async () => {
  const { url, server } = await serving()
  const opened = nextOf(server)
  const client = await openClient(url)
  const connection = await opened
  expect(connection.send(7 as unknown as string)).toBe(false)
  expect(connection.flow.refused).toBe(1)
  expect(await client.closed).toMatchObject({ code: 1011 })
  expect((await firstValueFrom(connection.closed)).cause).toBeInstanceOf(CodecError)
})
