import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { json, text } from 'rivulet'
import { checkLeaks } from './leak-check.js'
import { serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

const codec = json(z.object({ n: z.number() }))
const rubbish = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 64 }),
  fc.json({ maxDepth: 2 }),
  fc.uint8Array({ maxLength: 64 }),
)

describe('a malformed message', () => {
  test('ends the connection of who sent it, and nobody else notices', async () => {
    const { url } = await serving({ codec }, ({ messages }) => messages)
    const other = await openClient(url)
    for (const message of fc.sample(rubbish, { seed: 6, numRuns: 100 })) {
      const client = await openClient(url)
      client.ws.send(message)
      const expected = typeof message !== 'string' ? 1003 : isJson(message) ? 1008 : 1007
      expect((await client.closed).code).toBe(expected)
    }
    other.ws.send('{"n":1}')
    expect(await other.next()).toBe('{"n":1}')
  })

  test('is answered, and what follows is read, where that is the policy', async () => {
    const reply = json(z.object({ n: z.number() }), { invalid: () => ({ n: -1 }) })
    const { url } = await serving({ codec: reply }, ({ messages }) => messages)
    const client = await openClient(url)
    const sample = fc.sample(rubbish, { seed: 7, numRuns: 300 })
    for (const message of sample) client.ws.send(message)
    client.ws.send('{"n":1}')
    const answers = await Promise.all(sample.map(() => client.next()))
    expect(new Set(answers)).toEqual(new Set(['{"n":-1}']))
    expect(await client.next()).toBe('{"n":1}')
  })

  test('of another server in the process is nothing to this one', async () => {
    const strict = await serving({ codec }, ({ messages }) => messages)
    const plain = await serving({ codec: text }, ({ messages }) => messages)
    const [bad, good] = [await openClient(strict.url), await openClient(plain.url)]
    bad.ws.send('{')
    expect(await bad.closed).toEqual({ code: 1007, reason: 'invalid message' })
    good.ws.send('{')
    expect(await good.next()).toBe('{')
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
