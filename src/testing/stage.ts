/** Stage: connections with scripted peers or with each other, on whatever scheduler there is. */

import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { Connection, Handler } from '../connection/connection.js'
import type { Message } from '../socket.js'
import { seeded } from './chance.js'
import type { Link } from './link.js'
import type { ConnectingOptions, OneEnded, OneEndedOptions } from './one-ended.js'
import { Scene } from './scene.js'
import type { LinkOptions } from './two-ended.js'
import type { VirtualServer, VirtualServerOptions } from './virtual-server.js'

/** What a test opens connections with. No member needs `this`. */
export interface Opening {
  /** A connection as a server has it, open from 0 ms, and the scripted peer at its far end. */
  accept<In = Message, Out = In>(
    this: void,
    handler?: NoInfer<Handler<In, Out>>,
    options?: OneEndedOptions<In, Out>,
  ): OneEnded<In, Out>
  /** A connection as a client has it, connecting at 0 ms, and the scripted server at its far end. */
  connect<In = Message, Out = In>(
    this: void,
    handler?: NoInfer<Handler<In, Out>>,
    options?: ConnectingOptions<In, Out>,
  ): OneEnded<In, Out>
  /** A server's connection and a client's, joined by a wire. */
  link<In = Message, Out = In>(
    this: void,
    handlers: {
      server?: NoInfer<Handler<In, Out>>
      client?: NoInfer<Handler<Out, In>>
    },
    options?: LinkOptions<In, Out>,
  ): Link<In, Out, Out, In>
  /** A server that `connect` and `session` reach by its `dial`, as often as they like. */
  serve<In = Message, Out = In>(
    this: void,
    handler?: NoInfer<Handler<In, Out>>,
    options?: VirtualServerOptions<In, Out>,
  ): VirtualServer<In, Out>
}

/** Virtual connections in a time of your own. */
export interface Stage extends Opening {
  /** All that happened, in order, counted from the stage's start: `5s server-1 ▶ text "hello"`. */
  readonly events: readonly string[]
  /** Ends what still lives, and says what that was. To be called when the test is over. */
  close(this: void): readonly Connection<unknown, never>[]
}

/** What a stage is made of. */
export interface StageOptions {
  /** The clock. Default: `asyncScheduler`, which follows a test runner's fake timers. */
  scheduler?: SchedulerLike | undefined
  /** The number from which jitter, and whatever else is left to chance, come. Default 1. */
  seed?: number | undefined
}

/**
 * The connections, peers and links of {@link virtualTime}, outside of it: for promises and async
 * generators, which escape virtual time, on the fake timers of a test runner.
 */
export function stage({ scheduler = asyncScheduler, seed = 1 }: StageOptions = {}): Stage {
  const start = scheduler.now()
  const scene = new Scene(scheduler, seeded(seed), () => scheduler.now() - start)
  return {
    accept: (handler, options) => scene.accept(handler, options),
    connect: (handler, options) => scene.connect(handler, options),
    link: (handlers, options) => scene.link(handlers, options),
    serve: (handler, options) => scene.serve(handler, options),
    events: scene.journal.events,
    close: () => scene.end(),
  }
}
