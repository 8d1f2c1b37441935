import { asyncScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import type { Connection, Message } from 'rivulet'
import { Brake } from '../../src/connection/brake.js'
import { readRate, type RateOptions } from '../../src/connection/rate.js'
import { RateWatch } from '../../src/connection/rate-watch.js'
import { readSettings } from '../../src/connection/settings.js'
import { SocketConnection } from '../../src/connection/socket-connection.js'
import { Emitter } from '../../src/emitter.js'
import type { Socket, SocketEvents } from '../../src/socket.js'
import { Lane } from '../../src/testing/lane.js'
import { VirtualSocket } from '../../src/testing/virtual-socket.js'

interface Limited {
  readonly connection: Connection
  readonly near: VirtualSocket
  readonly far: VirtualSocket
  readonly got: Message[]
  readonly at: (time: number, action: () => void) => void
}

/** A connection that holds its peer to a rate, in virtual time. */
function limited(rate: RateOptions, script: (limited: Limited) => void, until = 60_000): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const lane = () => new Lane(scheduler, () => 0.5, {})
    const [toFar, toNear] = [lane(), lane()]
    const near = new VirtualSocket(scheduler, toFar, toNear)
    const far = new VirtualSocket(scheduler, toNear, toFar)
    const settings = readSettings<Message, Message, unknown>(
      'serve',
      'server',
      { scheduler, heartbeat: false },
      undefined,
    )
    const handshake = {
      url: '/',
      headers: {},
      origin: undefined,
      remoteAddress: undefined,
      protocol: '',
      principal: undefined,
    }
    const connection = new SocketConnection(
      {
        ...settings,
        holdToRate: (socket, brake, exceeded) =>
          new RateWatch(readRate('rate', rate)!, socket, scheduler, brake, exceeded),
      },
      near,
      handshake,
      'limited',
    )
    far.open()
    near.open()
    const got: Message[] = []
    connection.messages.subscribe(each => got.push(each))
    script({
      connection,
      near,
      far,
      got,
      at: (time, action) => void scheduler.schedule(() => action(), time),
    })
    scheduler.maxFrames = until
    scheduler.schedule(() => {
      near.terminate()
      far.terminate()
    }, until)
  })
}

const closeOf = (connection: Connection) => {
  let code: unknown
  connection.closed.subscribe(close => (code = close))
  return code
}
const send = (far: VirtualSocket, count: number, message = 'x') => {
  for (let each = 0; each < count; each++) far.send(message)
}

describe('a rate of messages', () => {
  test('lets through what it allows, for ever', () => {
    limited({ messages: 10 }, ({ connection, far, got, at }) => {
      for (let second = 1; second < 50; second++) at(second * 1_000, () => send(far, 10))
      at(50_000, () => {
        expect(connection.state).toBe('open')
        expect(got).toHaveLength(490)
      })
    })
  })

  test('lets so many seconds’ worth come at once, and closes with 1008 for one more', () => {
    limited({ messages: 10, burst: 3 }, ({ connection, far, got, at }) => {
      at(1_000, () => send(far, 30))
      at(1_001, () => expect(connection.state).toBe('open'))
      at(1_002, () => send(far, 2))
      at(2_000, () => {
        expect(got).toHaveLength(30)
        expect(closeOf(connection)).toMatchObject({
          code: 1008,
          reason: 'too much',
          by: 'local',
          cause: { code: 'ERR_RATE', limit: 'messages' },
        })
      })
    })
  })

  test('fills as time passes, in fractions, and never beyond a burst', () => {
    limited({ messages: 10, burst: 1 }, ({ connection, far, got, at }) => {
      at(30_000, () => send(far, 10))
      at(30_100, () => send(far, 1))
      at(30_150, () => expect(connection.state).toBe('open'))
      at(30_199, () => send(far, 1))
      at(31_000, () => {
        expect(got).toHaveLength(11)
        expect(closeOf(connection)).toMatchObject({ code: 1008 })
      })
    })
  })

  test('is two seconds’ worth at once when nothing else is said', () => {
    limited({ messages: 10 }, ({ connection, far, at }) => {
      at(1_000, () => send(far, 20))
      at(1_001, () => expect(connection.state).toBe('open'))
      at(1_002, () => send(far, 1))
      at(2_000, () => expect(connection.state).toBe('closed'))
    })
  })
})

test('a rate of bytes counts all that comes, with the frames', () => {
  limited({ bytes: 1_000, burst: 1 }, ({ connection, far, got, at }) => {
    // 4 bytes of header each
    at(1_000, () => send(far, 1, 'x'.repeat(996)))
    at(2_000, () => send(far, 1, 'x'.repeat(997)))
    at(3_000, () => {
      expect(got).toHaveLength(1)
      expect(closeOf(connection)).toMatchObject({ code: 1008, cause: { limit: 'bytes' } })
    })
  })
})

test('a rate of pings counts pings and pongs, and messages do not', () => {
  limited({ pings: 5, burst: 1 }, ({ connection, far, at }) => {
    at(1_000, () => {
      send(far, 100)
      for (let each = 0; each < 4; each++) far.ping()
      far.write('pong')
    })
    at(1_500, () => expect(connection.state).toBe('open'))
    at(3_000, () => {
      for (let each = 0; each < 6; each++) far.write('pong')
    })
    at(4_000, () =>
      expect(closeOf(connection)).toMatchObject({ code: 1008, cause: { limit: 'pings' } }),
    )
  })
})

describe('a rate beyond which reading pauses', () => {
  test('holds the peer to it, and loses nothing', () => {
    limited({ messages: 100, burst: 1, beyond: 'pause' }, ({ connection, far, got, at }) => {
      at(1_000, () => send(far, 1_000, 'x'.repeat(10_000)))
      at(1_002, () => expect(connection.flow.state).toBe('paused'))
      at(6_000, () => {
        expect(connection.state).toBe('open')
        // a chunk was read already
        expect(got.length).toBeGreaterThan(500)
        expect(got.length).toBeLessThan(700)
      })
      at(12_000, () => {
        expect(got).toHaveLength(1_000)
        expect(connection.flow.state).toBe('flowing')
      })
    })
  })

  test('is let go when the connection closes, so that the Close frame is seen', () => {
    limited({ messages: 1, burst: 1, beyond: 'pause' }, ({ connection, far, at }) => {
      at(1_000, () => send(far, 50))
      at(1_500, () => {
        expect(connection.flow.state).toBe('paused')
        connection.close()
      })
      at(1_600, () => expect(closeOf(connection)).toMatchObject({ code: 1000, wasClean: true }))
    })
  })
})

test.each<[RateOptions, RegExp]>([
  [{ messages: 0 }, /^rate\.messages: 0 is not a whole number/],
  [{ bytes: 1.5 }, /^rate\.bytes: 1\.5/],
  [{ pings: -1 }, /^rate\.pings: -1/],
  [{ burst: 0, messages: 1 }, /^rate\.burst: 0/],
  [{ beyond: 'drop' as 'pause' }, /^rate\.beyond: "drop" is not 'close' or 'pause'$/],
  [{ message: 1 } as RateOptions, /^rate\.message is not an option/],
])('%j is refused', (options, message) => {
  expect(() => readRate('rate', options)).toThrow(message)
})

test('says once that the rate is exceeded, however much comes after', () => {
  const socket = Object.assign(new Emitter<SocketEvents>(), { bytesRead: 0 }) as unknown as Socket
  const brake = new Brake(socket, { braked: () => undefined })
  const errors: Error[] = []
  const rate = readRate('rate', { messages: 1, burst: 1 })!
  const watch = new RateWatch(rate, socket, asyncScheduler, brake, error => errors.push(error))
  const emitter = socket as unknown as { tell(event: string, value: unknown): void }
  for (let each = 0; each < 100; each++) emitter.tell('message', 'x')
  watch.stop()
  for (let each = 0; each < 100; each++) emitter.tell('message', 'x')
  expect(errors).toHaveLength(1)
})

test('a peer that floods on when it was told to go is read a chunk at a time, and its Close is seen', () => {
  limited({ messages: 1, burst: 1 }, ({ connection, near, far, at }) => {
    const closes: unknown[] = []
    connection.closed.subscribe(({ code, received }) => closes.push([code, received]))
    at(1_000, () => {
      send(far, 2_000, 'x'.repeat(10_000))
    })
    at(1_100, () => {
      expect(connection.state).toBe('closing')
      // 20 MB would have been read at once
      expect(near.bytesRead).toBeLessThan(1_000_000)
    })
    at(20_000, () => expect(closes).toHaveLength(1))
  })
})
