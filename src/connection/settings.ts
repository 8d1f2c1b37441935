/** Settings: the options that every connection has, read once for all connections that share them. */

import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { AnyActorRef } from 'xstate'
import { type Codec, plain } from '../codec.js'
import { callable, duration, group, period, refused, shaped, whole, yesOrNo } from '../option.js'
import { type Random, systemRandom } from '../random.js'
import type { RateError } from '../errors.js'
import type { Message, Socket } from '../socket.js'
import type { Brake } from './brake.js'
import type { Handler } from './connection.js'
import type { OutboxBounds } from './outbox.js'
import { type Overflow, readOverflow } from './overflow.js'
import { createRoot } from './root.js'
import { Sweep } from './sweep.js'

/** The options of a connection, on a server and on a client. Every one has a default. */
export interface ConnectionOptions<In = Message, Out = Message> {
  /** What messages mean. Default: text and binary as they come. */
  codec?: Codec<In, Out> | undefined
  /** Deadlines in ms; `false` is off. */
  timeouts?: Timeouts | undefined
  /** How a peer that is gone is noticed; `false` is off. Default on servers, off on clients. */
  heartbeat?: HeartbeatOptions | false | undefined
  /** What waits while the socket is backed up; over a bound the connection closes with 1013. */
  outbox?: OutboxOptions<Out> | undefined
  /** What waits to be read by `for await` before reading pauses. */
  inbox?: InboxOptions | undefined
  /** The clock. Default: `asyncScheduler`. */
  scheduler?: SchedulerLike | undefined
  /** The dice: a number from 0 up to, but not including, 1. */
  random?: Random | undefined
}

/** Deadlines in ms, each more than 0 and less than 2^31; `false` is off. */
export interface Timeouts {
  /** For the handshake: a server answers 408, a client ends with 1006. Default 10 s. */
  handshake?: number | false | undefined
  /** For flushing and the peer's Close frame: then the socket is terminated. Default 5 s. */
  close?: number | false | undefined
  /** For a socket that is backed up to take anything: then 1013. Default 30 s. */
  stall?: number | false | undefined
  /** Without a message in either direction: then 1008. Default off. */
  idle?: number | false | undefined
  /** Since the connection opened: then 1012. Default off. */
  lifetime?: number | false | undefined
}

/** Pings, and how long to wait for any sign of life; in ms. */
export interface HeartbeatOptions {
  /** Between pings of a peer that is silent. Default 30 s, or half the timeout where that is less. */
  interval?: number | undefined
  /**
   * Without a byte from the peer: then the connection is lost, 1006. More than the interval.
   * Default 60 s, or twice the interval where that is more.
   */
  timeout?: number | undefined
  /**
   * A message that says "I am here", for peers that are browsers: no page sees a ping. It is sent
   * when this side has said nothing for an interval, past the codec; one that comes in is a sign of
   * life like any other message, and is in `messages` no more. Give it to both sides. Default: none.
   */
  message?: Message | undefined
}

/** The bounds of the outbox. */
export interface OutboxOptions<Out = Message> {
  /** Bytes that may wait. Default 1 MiB. */
  bytes?: number | undefined
  /** Messages that may wait. Default 10,000. */
  messages?: number | undefined
  /** What happens beyond a bound, judged at the end of a turn. Default `'close'`: 1013. */
  overflow?: Overflow<NoInfer<Out>> | undefined
}

/** The bounds of the inbox. */
export interface InboxOptions {
  /** Bytes that may wait before the socket is paused. Default 1 MiB. */
  bytes?: number | undefined
  /**
   * Whether reading pauses while the outbox is backed up, so that what answers what comes in is
   * bounded. Default on servers; not on clients, as two peers that both pause can wait for each
   * other until `timeouts.stall`.
   */
  pausesWhenBackedUp?: boolean | undefined
}

/** What connections of one server or client have in common. */
export interface Settings<In, Out, Principal> {
  readonly codec: Codec<In, Out>
  readonly handler: Handler<In, Out, Principal> | undefined
  /** In ms; `undefined` is off. */
  readonly timeouts: { readonly handshake: number | undefined; readonly close: number | undefined }
  readonly outbox: OutboxBounds
  readonly inbox: { readonly bytes: number; readonly pausesWhenBackedUp: boolean }
  /** The message that is nothing but a sign of life. */
  readonly beat: Message | undefined
  readonly scheduler: SchedulerLike
  readonly random: Random
  /** Holds what comes in to a rate, from now until it is stopped. */
  readonly holdToRate?:
    | ((socket: Socket, brake: Brake, exceeded: (error: RateError) => void) => { stop(): void })
    | undefined
  /** Looks after all that are open. */
  readonly sweep: Sweep
  /** The parent of every connection's actor: it gives them one clock and one inspection. */
  readonly root: AnyActorRef
}

export const connectionOptionNames = [
  'codec',
  'timeouts',
  'heartbeat',
  'outbox',
  'inbox',
  'scheduler',
  'random',
] as const

export const mebibyte = 1024 * 1024
export const most = 2 ** 31 - 1
/** Frames of one message, where nobody says otherwise. */
export const mostFragments = 16_384

/**
 * Reads the options; `name` is the function that they were given to.
 *
 * @throws {TypeError} for one that makes no sense.
 */
export function readSettings<In, Out, Principal>(
  name: string,
  side: 'server' | 'client',
  options: ConnectionOptions<In, Out>,
  handler: Handler<In, Out, Principal> | undefined,
): Settings<In, Out, Principal> {
  const at = (option: string) => `${name}: ${option}`
  const timeouts = group(at('timeouts'), options.timeouts, [
    'handshake',
    'close',
    'stall',
    'idle',
    'lifetime',
  ])
  const outbox = group(at('outbox'), options.outbox, ['bytes', 'messages', 'overflow'])
  const inbox = group(at('inbox'), options.inbox, ['bytes', 'pausesWhenBackedUp'])
  const scheduler = shaped(at('scheduler'), options.scheduler, asyncScheduler, ['schedule', 'now'])
  const random = callable(at('random'), options.random) ?? systemRandom
  const heartbeat = readHeartbeat(at('heartbeat'), side, options.heartbeat)
  // without a codec the types say so too: In and Out are Message then
  const preset = plain as unknown as Codec<In, Out>
  return {
    codec: shaped(at('codec'), options.codec, preset, ['decode', 'encode']),
    handler: callable(at('handler'), handler),
    timeouts: {
      handshake: duration(at('timeouts.handshake'), timeouts.handshake, 10_000),
      close: duration(at('timeouts.close'), timeouts.close, 5_000),
    },
    outbox: {
      bytes: whole(at('outbox.bytes'), outbox.bytes, mebibyte, 1, most),
      messages: whole(at('outbox.messages'), outbox.messages, 10_000, 1, most),
      overflow: readOverflow(at('outbox.overflow'), outbox.overflow),
      stall: duration(at('timeouts.stall'), timeouts.stall, 30_000),
    },
    inbox: {
      bytes: whole(at('inbox.bytes'), inbox.bytes, mebibyte, 1, most),
      pausesWhenBackedUp: yesOrNo(
        at('inbox.pausesWhenBackedUp'),
        inbox.pausesWhenBackedUp,
        side === 'server',
      ),
    },
    beat: heartbeat?.message,
    scheduler,
    random,
    sweep: new Sweep(scheduler, random, {
      heartbeat: heartbeat && { ...heartbeat, beats: heartbeat.message !== undefined },
      idle: duration(at('timeouts.idle'), timeouts.idle, undefined),
      lifetime: duration(at('timeouts.lifetime'), timeouts.lifetime, undefined),
    }),
    root: createRoot(scheduler),
  }
}

interface Heartbeat {
  readonly interval: number
  readonly timeout: number
  readonly message: Message | undefined
}

function readHeartbeat(
  name: string,
  side: 'server' | 'client',
  value: HeartbeatOptions | false | undefined,
): Heartbeat | undefined {
  if (value === false || (value === undefined && side === 'client')) return undefined
  const options = group(name, value, ['interval', 'timeout', 'message'])
  // off is said of the whole: a ping without a deadline, or the reverse, would notice nothing
  const time = (option: 'interval' | 'timeout', preset: number) =>
    period(`${name}.${option}`, options[option], preset)
  // each follows the other, so that who gives one need not think of both
  const given = options.timeout === undefined ? 60_000 : time('timeout', 60_000)
  const interval = time('interval', Math.min(30_000, given / 2))
  const timeout = time('timeout', Math.max(60_000, Math.min(interval * 2, most)))
  // a peer that only listens says nothing until it is pinged
  if (timeout <= interval) {
    refused(`${name}.timeout`, timeout, `more than heartbeat.interval, ${interval} ms`)
  }
  const { message } = options
  if (message !== undefined && typeof message !== 'string') {
    if (!((message as unknown) instanceof Uint8Array)) {
      refused(`${name}.message`, message, 'a string or a Uint8Array')
    }
  }
  return { interval, timeout, message }
}
