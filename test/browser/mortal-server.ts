/** Echoes at the port that it is given, and tells its parent who comes when; made to be killed. */

import { anyOrigin, serve } from 'rivulet/server'

const server = serve(
  { port: Number(process.argv[2]), host: '127.0.0.1', checkOrigin: anyOrigin },
  ({ messages }) => {
    process.send?.({ openedAt: performance.timeOrigin + performance.now() })
    return messages
  },
)
server.listening.subscribe(({ port }) => process.send?.({ port }))

// whoever started it is gone
process.on('disconnect', () => process.exit())
