/** Topic: what is told to all who subscribe, here and in other processes. */

import { Observable } from 'rxjs'
import type { Codec } from '../codec.js'
import type { Members } from './members.js'
import type { Reach } from './relay.js'
import type { Room } from './room.js'

/**
 * A topic of a hub. Subscribing joins it, unsubscribing leaves it: a handler that returns it makes
 * its connection a member for as long as that is open. It is hot, never errs by itself, and does not
 * complete.
 */
export interface Topic<T, Who = unknown> extends Observable<T> {
  /** The name under which the hub knows it. */
  readonly name: string
  /**
   * Tells all members, those in this process before it returns, those in others through the broker.
   * Encoded and framed once for all connections of the same codec. What is published while another
   * message is being told is told behind it, so that all members see one order.
   *
   * @throws {CodecError} for a value that the codec of the topic can't express: nobody gets it; or
   * the codec of a member's connection: that member does not get it, and counts it as refused.
   * @throws {OverflowError} for one in answer too many, see `limits.answers` of the hub.
   */
  publish(this: void, value: T): void
  /** The topic, for a member that is somebody: `members.who` has it. */
  as(this: void, who: Who): Observable<T>
  /** Who is here, in this process. */
  readonly members: Members<Who>
  /**
   * How far it reaches: the present state, then each change: `joining`, `shared`, `lost`, and
   * `restored` when it is shared again after it was lost. Without a broker always `shared`.
   */
  readonly reach: Observable<Reach>
}

/** How a topic is made. */
export interface TopicOptions<T> {
  /**
   * What its messages are between processes, and for connections that have the very same codec.
   * Default: `json()` where there is a broker; else none is needed.
   */
  codec?: Codec<T> | undefined
}

/** How a topic finds its room: the one that is in use under its name, or one of its own. */
export interface Rooms<T> {
  find(): Room<T>
}

export class HubTopic<T, Who> extends Observable<T> implements Topic<T, Who> {
  readonly name: string
  readonly members: Members<Who>
  readonly reach: Observable<Reach>
  readonly publish: (value: T) => void
  readonly as: (who: Who) => Observable<T>

  constructor(name: string, rooms: Rooms<T>) {
    super(subscriber => rooms.find().join(subscriber, undefined))
    this.name = name
    this.publish = value => rooms.find().publish(value)
    this.as = who => new Observable(subscriber => rooms.find().join(subscriber, { who }))
    this.reach = new Observable(subscriber => rooms.find().watchReach(subscriber))
    this.members = {
      get count() {
        return rooms.find().crowd.count
      },
      get who() {
        return rooms.find().crowd.who
      },
      changes: new Observable(subscriber => {
        const room = rooms.find()
        return room.watch(() => room.crowd.watch(subscriber))
      }),
    }
  }
}
