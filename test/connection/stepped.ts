/** Stepped time: a virtual clock that lets promises settle between its steps, for async iterables. */

import { VirtualTimeScheduler } from 'rxjs'
import type { Connection, ConnectionOptions, Handler, Message } from 'rivulet'
import { SocketConnection } from '../../src/connection/socket-connection.js'
import { readSettings } from '../../src/connection/settings.js'
import { frameOf, type Frame } from '../../src/testing/frame.js'
import { Lane, type WireOptions } from '../../src/testing/lane.js'
import { VirtualSocket } from '../../src/testing/virtual-socket.js'

/** How a connection in stepped time differs from a server's on a perfect wire. */
export interface SteppedOptions<In, Out> extends ConnectionOptions<In, Out> {
  side?: 'server' | 'client'
  wire?: WireOptions
  /** The socket can't send in pieces, as a browser's. */
  whole?: boolean
}

/** A connection, its socket, the bare socket at its far end, and the clock of all. */
export interface Stepped<In, Out> {
  readonly connection: Connection<In, Out>
  readonly near: VirtualSocket
  readonly far: VirtualSocket
  /** Frames that reached the far end, and when. */
  readonly arrived: { readonly at: number; readonly frame: Frame }[]
  /** The far end stops reading. */
  stall(this: void): void
  /** The far end reads on. */
  resume(this: void): void
  /** Goes on to this time, in ms. */
  until(this: void, time: number): Promise<void>
  readonly now: number
}

// no chain of promises is left behind it
const settled = () => new Promise<void>(resolve => setImmediate(resolve))

/** A connection that is open. */
export async function stepped<In = Message, Out = In>(
  handler?: Handler<NoInfer<In>, NoInfer<Out>>,
  { side = 'server', wire = {}, whole = false, ...options }: SteppedOptions<In, Out> = {},
): Promise<Stepped<In, Out>> {
  const scheduler = new VirtualTimeScheduler()
  const random = () => 0.5
  const toFar = new Lane(scheduler, random, wire)
  const toNear = new Lane(scheduler, random, wire)
  const near = new VirtualSocket(scheduler, toFar, toNear, 5_000)
  const far = new VirtualSocket(scheduler, toNear, toFar, 5_000)
  if (whole) Object.defineProperty(near, 'sendFragment', { value: undefined })
  const settings = readSettings<In, Out, unknown>(
    'stepped',
    side,
    { scheduler, ...options },
    handler,
  )
  const handshake = {
    url: '/',
    headers: {},
    origin: undefined,
    remoteAddress: undefined,
    protocol: '',
    principal: undefined,
  }
  const connection = new SocketConnection(settings, near, handshake, 'stepped')
  const arrived: Stepped<In, Out>['arrived'] = []
  far.onFrame = frame => arrived.push({ at: scheduler.frame, frame })
  far.open()
  near.open()
  const until = async (time: number) => {
    for (;;) {
      await settled()
      const due = scheduler.actions[0]?.delay
      if (due === undefined || due > time) break
      scheduler.maxFrames = due
      scheduler.flush()
    }
    scheduler.frame = Math.max(scheduler.frame, time)
  }
  await until(0)
  return {
    connection,
    near,
    far,
    arrived,
    stall: () => toFar.hold(),
    resume: () => toFar.release(),
    until,
    get now() {
      return scheduler.frame
    },
  }
}

/** The messages among frames, whole or in pieces. */
export function payloads(arrived: readonly { readonly frame: Frame }[]): Frame[] {
  return arrived.map(({ frame }) => frame).filter(frame => typeof frame === 'object')
}

export const text = (message: string) => frameOf(message)
