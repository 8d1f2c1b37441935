/** Connects, prints a line when it has seen a ping, and stays. */

import { WebSocket } from 'ws'

const ws = new WebSocket(process.argv[2] ?? '')
ws.on('ping', () => console.log('ping'))
for (const event of ['close', 'error']) ws.on(event, () => console.log(event))

// whoever started it is gone, or wants it to be
process.stdin.on('end', () => process.exit()).resume()
