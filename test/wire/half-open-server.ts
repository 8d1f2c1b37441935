/** Serves at the address that it is given, and prints a line of JSON for what happens. */

import { NEVER } from 'rxjs'
import { serve } from 'rivulet/server'

const [, , host = '', interval = '', timeout = ''] = process.argv

function tell(what: string, more: object = {}): void {
  console.log(JSON.stringify({ what, at: performance.now(), ...more }))
}

const heartbeat = { interval: Number(interval), timeout: Number(timeout) }
const server = serve({ port: 0, host, heartbeat }, ({ closed }) => {
  tell('open')
  closed.subscribe(({ cause, ...close }) =>
    tell('closed', { close, cause: cause?.name, handles: process.getActiveResourcesInfo() }),
  )
  return NEVER
})
server.listening.subscribe(({ port }) => tell('listening', { port }))

// whoever started it is gone, or wants it to be
process.stdin.on('end', () => process.exit()).resume()
