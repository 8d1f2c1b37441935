/**
 * An echo server of Rivulet, for suites that test servers: to be pointed at it.
 *
 *     node --import tsx test/conformance/echo-server.ts [port] [no compression]
 */

import { anyOrigin, serve } from 'rivulet/server'
import { openLimits } from './open-limits.js'

const [port = '9001', ...words] = process.argv.slice(2)
const compression = words.includes('no') ? false : openLimits.compression

const server = serve(
  { port: Number(port), checkOrigin: anyOrigin, ...openLimits, compression },
  ({ messages }) => messages,
)
server.listening.subscribe(({ port }) => console.log(`ws://127.0.0.1:${port}`))
