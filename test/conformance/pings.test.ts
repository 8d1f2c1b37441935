/** 5.5.3: of pings that can't be answered yet, the last is. */

import { NEVER } from 'rxjs'
import { expect, test } from 'vitest'
import { checkLeaks } from '../wire/leak-check.js'
import { RawClient } from '../wire/raw-client.js'
import { serving } from '../wire/serving.js'
import { encode, ping, StrictReader } from './wire.js'

checkLeaks()

test('a flood of pings whose answers nobody reads is answered at its end, and in between', async () => {
  const { port } = await serving({ timeouts: { stall: 5_000 } }, () => NEVER)
  const { tcp } = await RawClient.upgraded(port)
  tcp.removeAllListeners('data')
  tcp.pause()
  const count = 150_000
  const filler = 'x'.repeat(115)
  const flood = Array.from({ length: count }, (_, at) => encode(ping(`${filler}${at}`), true))
  // all has left this process, and the answers to it are more than the system holds
  await new Promise<void>(resolve => tcp.write(Buffer.concat(flood), () => resolve()))
  const reader = new StrictReader(false, false)
  let answers = 0
  await new Promise<void>(resolve => {
    tcp.on('data', (chunk: Buffer) => {
      for (const { opcode, payload } of reader.read(chunk)) {
        expect(opcode).toBe(10)
        answers++
        if (payload.toString() === `${filler}${count - 1}`) resolve()
      }
    })
    tcp.resume()
  })
  expect(answers).toBeGreaterThan(1_000)
  expect(answers).toBeLessThan(count)
})
