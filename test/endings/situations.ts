/** Situations: every way a connection can end, as data. Each is played in both worlds. */

import { concat, interval, map, NEVER, of, range, throwError } from 'rxjs'
import {
  binary,
  type Codec,
  type Connection,
  type ConnectionOptions,
  type Handler,
  type Message,
  text,
} from 'rivulet'
import { type Doorman, type End, type EndSpec, ends, other, payload, type World } from './world.js'

export interface Situation {
  /** A row of the table. */
  readonly what: string
  readonly server?: EndSpec
  readonly client?: EndSpec
  /** What happens, at once, when both are open. */
  readonly act?: (world: World) => void
  /** Who answers the handshake of the client; otherwise it is a server of ours. */
  readonly doorman?: Doorman
  /** What happens while the client is connecting. */
  readonly early?: (client: Connection) => void
  /** How it ends at each end. */
  readonly expected: Readonly<Record<End, string>>
}

// --- endings as lines ---

const nobody = 'is not ours'
const stays = 'stays open'
/** Both Close frames crossed. */
const asked = (code: number, cause?: string) =>
  `${code} by local, sent ${code}, received ${code}, clean${cause ? `, ${cause}` : ''}`
const told = (code: number) => `${code} by peer, sent ${code}, received ${code}, clean`
/** Ours got no answer. */
const unanswered = (code: number, cause: string) =>
  `1006 by local, sent ${code}, received nothing, unclean, ${cause}`
const lost = (cause: string, by = 'network') =>
  `1006 by ${by}, sent nothing, received nothing, unclean, ${cause}`
const broken = lost('ConnectionLostError')

// --- situations at either end ---

/** One that is the same at either end: `self` is where it happens. */
function either(
  make: (
    self: End,
    peer: End,
  ) => {
    what: string
    self?: EndSpec
    peer?: EndSpec
    act?: (world: World) => void
    /** How it ends where it happens, and at the other end. */
    ends: readonly [self: string, peer: string]
  },
): Situation[] {
  return ends.map(self => {
    const peer = other[self]
    const { what, act, ends, ...specs } = make(self, peer)
    return {
      what,
      ...(act && { act }),
      ...(specs.self && { [self]: specs.self }),
      ...(specs.peer && { [peer]: specs.peer }),
      expected: { [self]: ends[0], [peer]: ends[1] } as Record<End, string>,
    }
  })
}

/** An end of the given options that reads. */
const reading = (options: ConnectionOptions): EndSpec => ({
  options,
  handler: ({ messages }) => void messages.subscribe(),
})
const writing = (handler: Handler): EndSpec => ({ handler })
// as an end without types would have it
const loose = (codec: unknown) => codec as Codec<Message>

const undecodable: Codec<Message> = {
  decode() {
    throw new Error('not a message')
  },
  encode: value => value,
}
const unencodable: Codec<Message> = {
  decode: message => message,
  encode() {
    throw new Error('not a value')
  },
}

const big = 'x'.repeat(payload - 1_000)
/** More than two operating systems hold for a peer that does not read. */
const flood = concat(range(400).pipe(map(() => big)), NEVER)
const mebibyte = 1024 * 1024

const violations = {
  1002: 'a frame against the protocol',
  1007: 'text that is not UTF-8',
  1008: 'a message in too many fragments',
  1009: 'a message over the payload limit',
}

export const situations: readonly Situation[] = [
  ...either(self => ({
    what: `the writer of the ${self} completes`,
    self: writing(() => of('the last')),
    ends: [asked(1000), told(1000)],
  })),
  ...either(self => ({
    what: `the ${self} calls \`close()\``,
    act: world => world[self].close(),
    ends: [asked(1000), told(1000)],
  })),
  ...either(self => ({
    what: `the ${self} calls \`close(4001)\``,
    act: world => world[self].close(4001, 'enough'),
    ends: [asked(4001), told(4001)],
  })),
  {
    what: 'both close at once, the server with 4001, the client with 4002',
    act({ server, client }) {
      server.close(4001)
      client.close(4002)
    },
    expected: {
      server: '4002 by local, sent 4001, received 4002, clean',
      client: '4001 by local, sent 4002, received 4001, clean',
    },
  },
  {
    what: '`close()` of the whole server',
    act: world => world.goAway(),
    expected: { server: asked(1001), client: told(1001) },
  },
  {
    what: 'the client goes away: `close(1001)`',
    act: world => world.client.close(1001),
    expected: { server: told(1001), client: asked(1001) },
  },
  ...either(self => ({
    what: `a Close frame without a code comes to the ${self}`,
    act: world => world.wire.inject(self, 'empty close'),
    ends: [told(1005), nobody],
  })),

  ...([1002, 1007, 1008, 1009] as const).flatMap(code =>
    either(self => ({
      what: `${violations[code]} comes to the ${self}`,
      act: world => world.wire.inject(self, code),
      ends: [unanswered(code, `ProtocolError (${code})`), told(code)],
    })),
  ),
  ...either((self, peer) => ({
    what: `binary comes to the ${self}, which takes \`text\``,
    self: reading({ codec: loose(text) }),
    act: world => world[peer].send(Uint8Array.of(1)),
    ends: [asked(1003, 'CodecError (1003)'), told(1003)],
  })),
  ...either((self, peer) => ({
    what: `text comes to the ${self}, which takes \`binary\``,
    self: reading({ codec: loose(binary) }),
    act: world => world[peer].send('a'),
    ends: [asked(1003, 'CodecError (1003)'), told(1003)],
  })),
  ...either((self, peer) => ({
    what: `the codec of the ${self} does not decode a message`,
    self: reading({ codec: undecodable }),
    act: world => world[peer].send('a'),
    ends: [asked(1007, 'CodecError (1007)'), told(1007)],
  })),

  ...either(self => ({
    what: `the ${self} has \`timeouts.idle\`, and nobody says anything`,
    self: { options: { timeouts: { idle: 60 } } },
    ends: [asked(1008, 'TimeoutError (idle)'), told(1008)],
  })),

  ...either(self => ({
    what: `the handler of the ${self} throws`,
    self: writing(() => {
      throw new Error('no coffee')
    }),
    ends: [asked(1011, 'ApplicationError (handler)'), told(1011)],
  })),
  ...either(self => ({
    what: `the writer of the ${self} errors`,
    self: writing(() => throwError(() => new Error('no coffee'))),
    ends: [asked(1011, 'ApplicationError (writer)'), told(1011)],
  })),
  ...either((self, peer) => ({
    what: `\`read\` of the ${self} throws`,
    self: writing(({ read }) => {
      read(() => {
        throw new Error('no coffee')
      })
    }),
    act: world => world[peer].send('a'),
    ends: [asked(1011, 'ApplicationError (read)'), told(1011)],
  })),
  ...either(self => ({
    what: `the codec of the ${self} does not encode a value`,
    self: { options: { codec: unencodable } },
    act: world => world[self].send('a'),
    ends: [asked(1011, 'CodecError (1011)'), told(1011)],
  })),

  {
    what: '`drain()` of the server',
    act: world => world.drain({}),
    expected: { server: asked(1012), client: told(1012) },
  },
  {
    what: '`drain()` of the server, and its deadline passes: the client gets nothing',
    act(world) {
      world.wire.lose('server')
      world.wire.lose('client')
      world.drain({ deadline: 50 })
    },
    expected: { server: unanswered(1012, 'TimeoutError (drain)'), client: stays },
  },
  ...either(self => ({
    what: `the ${self} has \`timeouts.lifetime\`, and it is over`,
    self: { options: { timeouts: { lifetime: 60 } } },
    ends: [asked(1012, 'TimeoutError (lifetime)'), told(1012)],
  })),

  ...either((self, peer) => ({
    what: `the ${peer} is slow: more waits for it than the ${self} holds`,
    self: {
      // it takes its time to read what is under way
      options: { outbox: { bytes: 64 * 1024 }, timeouts: { close: 5_000 } },
      handler: () => flood,
    },
    ends: [asked(1013, 'OverflowError'), told(1013)],
  })),
  ...either((self, peer) => ({
    what: `the ${peer} stops reading: more waits for it than the ${self} holds`,
    self: {
      options: { outbox: { bytes: 64 * 1024 } },
      handler: () => interval(1).pipe(map(() => big)),
    },
    act: world => stopsReading(world, self, peer),
    ends: [unanswered(1013, 'OverflowError'), broken],
  })),
  ...either((self, peer) => ({
    what: `the ${peer} stops reading: for \`timeouts.stall\` nothing leaves the ${self}`,
    self: {
      options: { outbox: { bytes: 64 * mebibyte } },
      handler: ({ messages }) => messages.pipe(map(() => big)),
    },
    act(world) {
      stopsReading(world, self, peer)
      for (let each = 0; each < 400; each++) world[self].send(big)
    },
    ends: [unanswered(1013, 'TimeoutError (stall)'), broken],
  })),

  ...either(self => ({
    what: `the ${self} calls \`close()\`, and is not answered`,
    act(world) {
      world.wire.lose(other[self])
      world[self].close()
    },
    ends: [unanswered(1000, 'TimeoutError (close)'), told(1000)],
  })),
  ...either((self, peer) => ({
    what: `the ${self} calls \`close(4001)\`, and TCP is reset before the ${peer} sees that`,
    act(world) {
      world.wire.lose(self)
      world[self].close(4001)
      world.wire.reset()
    },
    ends: [unanswered(4001, 'ConnectionLostError'), broken],
  })),
  {
    what: 'TCP ends without a Close frame',
    act: world => world.wire.fin(),
    expected: { server: broken, client: broken },
  },
  {
    what: 'TCP is reset',
    act: world => world.wire.reset(),
    expected: { server: broken, client: broken },
  },
  ...either((self, peer) => ({
    what: `the ${peer} vanishes, and the ${self} has a heartbeat`,
    self: { options: { heartbeat: { interval: 40, timeout: 80 } } },
    peer: { options: { heartbeat: false } },
    act(world) {
      world.wire.lose('server')
      world.wire.lose('client')
    },
    ends: [lost('HeartbeatError'), stays],
  })),

  {
    what: 'the server answers the handshake with an HTTP status, here 503',
    doorman: 'refuses with 503',
    expected: { server: nobody, client: lost('HandshakeError (503)', 'peer') },
  },
  {
    what: 'there is no server',
    doorman: 'is not there',
    expected: { server: nobody, client: lost('HandshakeError') },
  },
  {
    what: 'TCP ends during the handshake',
    doorman: 'hangs up',
    expected: { server: nobody, client: lost('HandshakeError') },
  },
  {
    what: 'the handshake is not answered within `timeouts.handshake`',
    doorman: 'says nothing',
    expected: { server: nobody, client: lost('TimeoutError (handshake)') },
  },
  {
    what: 'the client calls `close()` before it is open',
    doorman: 'says nothing',
    early: client => client.close(),
    expected: {
      server: nobody,
      client: '1006 by local, sent nothing, received nothing, unclean',
    },
  },
]

/** It reads on when the other end has given up: what is left in the network is not a Close frame. */
function stopsReading({ wire, ...connections }: World, self: End, peer: End): void {
  wire.hold(peer)
  connections[self].closed.subscribe(() => wire.release(peer))
}
