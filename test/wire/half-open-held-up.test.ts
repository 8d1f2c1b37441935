import { NEVER } from 'rxjs'
import { expect, test } from 'vitest'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { nextOf, serving } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

test('a process that is held up for longer than heartbeat.timeout loses nobody by that', async () => {
  const { server, url } = await serving({ heartbeat: { interval: 100, timeout: 300 } }, () => NEVER)
  const opened = nextOf(server)
  const { ws } = await openClient(url)
  const connection = await opened
  await event(ws, 'ping')
  const end = performance.now() + 800
  while (performance.now() < end);
  for (let pings = 0; pings < 5; pings++) await event(ws, 'ping')
  expect(connection.state).toBe('open')
}, 5_000)
