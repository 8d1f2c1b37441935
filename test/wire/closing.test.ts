import { EMPTY, firstValueFrom, NEVER, of } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Connection, type Handler, TimeoutError } from 'rivulet'
import { closeOf, closePayload, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving } from './serving.js'
import { type Client, openClient } from './ws-client.js'

checkLeaks()

async function pair(handler?: Handler): Promise<{ connection: Connection; client: Client }> {
  const { url, server } = await serving({}, handler)
  const opened = nextOf(server)
  const client = await openClient(url)
  return { connection: await opened, client }
}

describe('a close by the peer', () => {
  test('with a code and a reason is seen by the peer', async () => {
    const { connection, client } = await pair(() => NEVER)
    client.ws.close(4001, 'bye')
    expect(await firstValueFrom(connection.closed)).toEqual({
      code: 4001,
      reason: 'bye',
      wasClean: true,
      by: 'peer',
      sent: 4001,
      received: 4001,
    })
    expect(await client.closed).toEqual({ code: 4001, reason: 'bye' })
  })

  test('without a code is 1005', async () => {
    const { connection, client } = await pair(() => NEVER)
    client.ws.close()
    expect(await firstValueFrom(connection.closed)).toEqual({
      code: 1005,
      reason: '',
      wasClean: true,
      by: 'peer',
      sent: 1005,
      received: 1005,
    })
  })

  test('is answered on the wire, and then TCP ends', async () => {
    const { port } = await serving({}, () => NEVER)
    const client = await RawClient.upgraded(port)
    client.frame(opcodes.close, closePayload(1000))
    expect(closeOf(await client.next()).code).toBe(1000)
    expect(await client.rest()).toBe('')
  })
})

describe('a close by this side', () => {
  test('with a code and a reason is seen by the peer', async () => {
    const { connection, client } = await pair(() => NEVER)
    connection.close(4002, 'x')
    expect(connection.state).toBe('closing')
    expect(await client.closed).toEqual({ code: 4002, reason: 'x' })
    expect(await firstValueFrom(connection.closed)).toEqual({
      code: 4002,
      reason: 'x',
      wasClean: true,
      by: 'local',
      sent: 4002,
      received: 4002,
    })
  })

  test('without a code is 1000', async () => {
    const { connection, client } = await pair()
    connection.close()
    expect(await client.closed).toEqual({ code: 1000, reason: '' })
  })

  test('comes with 1000 when the writer completes, behind its last message', async () => {
    const { connection, client } = await pair(() => of('one', 'two'))
    expect([await client.next(), await client.next()]).toEqual(['one', 'two'])
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(await firstValueFrom(connection.closed)).toMatchObject({ code: 1000, by: 'local' })
  })

  test('comes with 1000 for a writer that is empty', async () => {
    const { client } = await pair(() => EMPTY)
    expect(await client.closed).toMatchObject({ code: 1000 })
  })

  test.each([
    ['a', 124, 123],
    ['é', 62, 61],
    ['€', 60, 41],
    ['🌊', 31, 30],
  ])('cuts a reason of %s × %d to %d', async (character, given, left) => {
    const { connection, client } = await pair()
    connection.close(4000, character.repeat(given))
    expect(await client.closed).toEqual({ code: 4000, reason: character.repeat(left) })
    expect(await firstValueFrom(connection.closed)).toMatchObject({ wasClean: true, sent: 4000 })
  })

  test('keeps to its first code', async () => {
    const { connection, client } = await pair()
    connection.close(4000, 'first')
    connection.close(4001, 'second')
    expect(await client.closed).toEqual({ code: 4000, reason: 'first' })
  })

  test.each([1004, 1005, 1006, 1015, 999, 2000, 5000, NaN])('refuses the code %d', async code => {
    const { connection } = await pair()
    expect(() => connection.close(code)).toThrow(TypeError)
    expect(connection.state).toBe('open')
  })

  test('sees the code that the peer answers with', async () => {
    const { port, server } = await serving()
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    connection.close(4002, 'x')
    expect(closeOf(await client.next())).toEqual({ code: 4002, reason: 'x' })
    client.frame(opcodes.close, closePayload(4003, 'y'))
    expect(await firstValueFrom(connection.closed)).toEqual({
      code: 4003,
      reason: 'y',
      wasClean: true,
      by: 'local',
      sent: 4002,
      received: 4003,
    })
  })

  test('that stays unanswered is terminated after timeouts.close', async () => {
    const { port, server } = await serving({ timeouts: { close: 150 } })
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    const began = performance.now()
    connection.close(4002, 'x')
    const close = await firstValueFrom(connection.closed)
    expect(performance.now() - began).toBeGreaterThan(140)
    expect(close).toMatchObject({
      code: 1006,
      wasClean: false,
      by: 'local',
      sent: 4002,
      cause: { code: 'ERR_TIMEOUT', timeout: 'close' },
    })
    expect(close.cause).toBeInstanceOf(TimeoutError)
    expect(close).not.toHaveProperty('received')
    expect(closeOf(await client.next()).code).toBe(4002)
    expect(await client.rest()).toBe('')
  })

  test('drops what the peer still sends', async () => {
    const { port, server } = await serving()
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    const got: unknown[] = []
    connection.messages.subscribe(message => got.push(message))
    connection.close()
    client.frame(opcodes.text, 'too late')
    client.frame(opcodes.close, closePayload(1000))
    expect(await firstValueFrom(connection.closed)).toMatchObject({ code: 1000 })
    expect(got).toEqual([])
  })
})

describe('send', () => {
  test('is false and counted when the connection is closing or closed', async () => {
    const { connection, client } = await pair()
    expect(connection.send('in time')).toBe(true)
    expect(connection.flow).toMatchObject({ sent: 1, refused: 0 })
    connection.close()
    expect(connection.send('closing')).toBe(false)
    expect(connection.flow.refused).toBe(1)
    await firstValueFrom(connection.closed)
    expect(connection.send('closed')).toBe(false)
    expect(connection.flow).toMatchObject({ sent: 1, refused: 2, queued: 0, dropped: 0 })
    expect(await client.next()).toBe('in time')
  })

  test('is false and counted after the connection was lost', async () => {
    const { connection, client } = await pair()
    client.ws.terminate()
    await firstValueFrom(connection.closed)
    expect(connection.send('lost')).toBe(false)
    expect(connection.flow.refused).toBe(1)
  })
})
