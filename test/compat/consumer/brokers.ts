/** What the compiler knows in a project that uses the brokers. Never run. */

import { createHub } from 'rivulet'
import { nats } from 'rivulet/nats'
import { redis } from 'rivulet/redis'

export const hubs = [
  createHub({ broker: nats('nats://127.0.0.1:4222') }),
  createHub({ broker: redis('redis://127.0.0.1:6379') }),
]
