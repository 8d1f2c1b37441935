/** The two programs that a suite is pointed at. */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { event } from '../wire/event.js'
import { checkLeaks } from '../wire/leak-check.js'
import { wsServing } from '../wire/ws-server.js'
import { openClient } from '../wire/ws-client.js'

checkLeaks()

function starting(program: string, ...args: string[]) {
  const file = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill()
    await event(child, 'exit')
  })
  return event<[string]>(createInterface({ input: child.stdout }), 'line')
}

test('the server echoes 16 MiB', async () => {
  const [url] = await starting('./echo-server.ts', '0')
  const client = await openClient(url, { perMessageDeflate: true })
  const message = Buffer.alloc(16 * 2 ** 20, 'Rivulet')
  client.ws.send(message)
  expect(message.equals((await client.next()) as Buffer)).toBe(true)
  client.ws.close()
  await client.closed
})

test('the client runs all cases, one after the other, and has the report written', async () => {
  const server = await wsServing()
  const asked: string[] = []
  server.wss.on('connection', (ws, { url }) => {
    asked.push(String(url))
    if (url === '/getCaseCount') ws.send('2')
    else if (!url?.startsWith('/runCase')) ws.close()
    ws.on('message', () => ws.close(4000))
    if (url?.startsWith('/runCase')) ws.send('echo this')
  })
  const [line] = await starting('./echo-client.ts', server.url)
  expect(line).toBe('2 cases')
  expect(asked).toEqual([
    '/getCaseCount',
    '/runCase?case=1&agent=rivulet',
    '/runCase?case=2&agent=rivulet',
    '/updateReports?agent=rivulet',
  ])
})
