/** What is attacked: two echoes, which differ in what they do about a rate that is exceeded. */

import { firstValueFrom } from 'rxjs'
import { serve } from 'rivulet/server'

async function listen(beyond: 'close' | 'pause'): Promise<number> {
  const { listening } = serve(
    {
      port: 0,
      host: '127.0.0.1',
      path: '/ws',
      compression: true,
      limits: { perAddress: 100, rate: { messages: 1_000, beyond } },
      timeouts: { handshake: 2_000, idle: 4_000 },
      heartbeat: { interval: 1_000, timeout: 2_000 },
    },
    ({ messages }) => messages,
  )
  return (await firstValueFrom(listening)).port
}

process.send?.({ ports: { close: await listen('close'), pause: await listen('pause') } })
setInterval(() => process.send?.({ rss: process.memoryUsage.rss() }), 50)
// whoever started it is gone
process.on('disconnect', () => process.exit())
