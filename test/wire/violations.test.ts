import { firstValueFrom, NEVER } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { ProtocolError } from 'rivulet'
import { closeOf, closePayload, encodeFrame, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { nextOf, serving } from './serving.js'

checkLeaks()

const violations: [string, number, Uint8Array][] = [
  ['an unmasked frame', 1002, encodeFrame(opcodes.text, 'bare', { masked: false })],
  ['an unknown opcode', 1002, encodeFrame(3, 'what')],
  ['a reserved bit', 1002, encodeFrame(opcodes.text, 'bit', { reserved: 0x20 })],
  ['a continuation of nothing', 1002, encodeFrame(0, 'what')],
  ['a close code that may not be sent', 1002, encodeFrame(opcodes.close, closePayload(1006))],
  ['invalid UTF-8', 1007, encodeFrame(opcodes.text, Uint8Array.of(0xc3, 0x28))],
  ['a message over the payload limit', 1009, encodeFrame(opcodes.text, 'x'.repeat(65))],
]

describe.each(violations)('%s', (_, code, bytes) => {
  test(`is answered with ${code} and is a ProtocolError`, async () => {
    const { port, server } = await serving({ limits: { payload: 64 } }, () => NEVER)
    const opened = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await opened
    const got: unknown[] = []
    connection.messages.subscribe(message => got.push(message))
    const closed = firstValueFrom(connection.closed)
    client.write(bytes)
    expect(closeOf(await client.next()).code).toBe(code)
    expect(await client.rest()).toBe('')
    const close = await closed
    expect(close).toMatchObject({
      code: 1006,
      wasClean: false,
      by: 'local',
      sent: code,
      cause: { code: 'ERR_PROTOCOL', closeCode: code },
    })
    expect(close).not.toHaveProperty('received')
    expect(close.cause).toBeInstanceOf(ProtocolError)
    expect(got).toEqual([])
  })
})

test('a message of just the payload limit is taken', async () => {
  const { port } = await serving({ limits: { payload: 64 } }, ({ messages }) => messages)
  const client = await RawClient.upgraded(port)
  client.frame(opcodes.text, 'x'.repeat(64))
  expect((await client.next()).payload).toHaveLength(64)
})

test('a violation of one connection leaves another alone', async () => {
  const { port } = await serving({}, ({ messages }) => messages)
  const good = await RawClient.upgraded(port)
  const bad = await RawClient.upgraded(port)
  bad.write(encodeFrame(opcodes.text, 'bare', { masked: false }))
  await bad.next()
  await bad.rest()
  good.frame(opcodes.text, 'here')
  expect((await good.next()).payload.toString()).toBe('here')
})
