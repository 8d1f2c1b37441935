/** Hub: topics by name, in one process, or shared by many through a broker. */

import { Observable, type Subscription } from 'rxjs'
import type { Codec } from '../codec.js'
import { Broadcast } from '../connection/broadcast.js'
import { OverflowError, type RivuletError } from '../errors.js'
import { json } from '../json.js'
import { callable, group, refused, shaped, whole } from '../option.js'
import { type Random, systemRandom } from '../random.js'
import { report } from '../report.js'
import type { Broker, BrokerStatus } from './broker.js'
import { originBy } from './envelope.js'
import { type Entered, Room, type RoomHost } from './room.js'
import { HubTopic, type Topic, type TopicOptions } from './topic.js'

/** How a hub is made. Every option has a default. */
export interface HubOptions {
  /** What shares its topics with other processes. Default: nothing does. */
  broker?: Broker | undefined
  /** How much it holds. Default: 10,000 topics in use, 10,000 answers. */
  limits?: HubLimits | undefined
  /** The dice. Default: the system's. */
  random?: Random | undefined
}

/** Bounds, each with what happens beyond it. */
export interface HubLimits {
  /** Topics in use at a time: who joins one more gets an `OverflowError`. Default 10,000. */
  topics?: number | undefined
  /** Messages that one message sets off in its own topic: one more is an `OverflowError`. Default 10,000. */
  answers?: number | undefined
}

/** What a hub has done so far, in messages; read live. */
export interface HubFlow {
  /** Published by this process. */
  readonly published: number
  /** Told to a member of this process: a message to a thousand members is a thousand. */
  readonly delivered: number
  /** That came from other processes. */
  readonly received: number
  /** Published here, and not handed to the broker: it was away, had no room, or refused them. */
  readonly lost: number
  /** On their way to the broker when that was lost: nobody knows whether they arrived. */
  readonly unconfirmed: number
  /** That could not be told to somebody, as {@link Hub.rejections} says. */
  readonly rejected: number
}

/** Topics by name. No member needs `this`. */
export interface Hub {
  /**
   * The topic of this name: the same object while it is in use, and the same topic in any case.
   *
   * @throws {TypeError} for a name that is none, and for a topic in use with another codec.
   */
  topic<T, Who = unknown>(this: void, name: string, options?: TopicOptions<T>): Topic<T, Who>
  /** The names of the topics that are in use in this process. */
  readonly topics: readonly string[]
  /**
   * How it stands with the broker, now and whenever that changes; without one always `connected`.
   * The cause of a loss that nobody observes is reported as an unhandled error is.
   */
  readonly status: Observable<BrokerStatus>
  /**
   * What came from the broker and did not decode, and what a member's codec could not express where
   * no publisher could be told. It is dropped, and counted.
   */
  readonly rejections: Observable<RivuletError>
  /** What was published, told, lost and dropped so far, in messages. */
  readonly flow: HubFlow
  /** Leaves the broker, behind what was published. Members stay, and what they say stays here. */
  close(this: void): void
}

const longestName = 255

/**
 * Makes a hub. One for a process is enough: topics keep apart what should be.
 *
 * @throws {TypeError} for an option that makes no sense.
 */
export function createHub(options: HubOptions = {}): Hub {
  const given = group('createHub', options, ['broker', 'limits', 'random'])
  const limits = group('createHub: limits', given.limits, ['topics', 'answers'])
  const broker =
    given.broker &&
    shaped('createHub: broker', given.broker, undefined, ['publish', 'subscribe', 'close'])
  return new Topics(
    broker,
    whole('createHub: limits.topics', limits.topics, 10_000, 1, 2 ** 31 - 1),
    whole('createHub: limits.answers', limits.answers, 10_000, 1, 2 ** 31 - 1),
    callable('createHub: random', given.random) ?? systemRandom,
  )
}

class Topics implements Hub {
  readonly flow = { published: 0, delivered: 0, received: 0, lost: 0, unconfirmed: 0, rejected: 0 }
  readonly rejections: Observable<RivuletError>
  readonly status: Observable<BrokerStatus>
  readonly #broker: Broker | undefined
  readonly #host: RoomHost
  readonly #default = json<never>()
  // those in use, each with the topic that stands for it
  readonly #rooms = new Map<string, Entered>()
  readonly #made = new WeakMap<Entered, unknown>()
  readonly #rejections = new Broadcast<RivuletError>()
  readonly #statuses = new Broadcast<BrokerStatus>()
  readonly #watch: Subscription | undefined
  #now: BrokerStatus
  #numbers = 0

  constructor(broker: Broker | undefined, most: number, answers: number, random: Random) {
    this.#broker = broker
    this.#now = { name: broker ? 'connecting' : 'connected' }
    this.#host = {
      broker,
      origin: originBy(random),
      limits: { answers },
      flow: this.flow,
      number: () => ++this.#numbers,
      away: () => this.#now.name === 'disconnected' || this.#now.name === 'closed',
      rejected: error => {
        this.flow.rejected++
        this.#rejections.next(error)
      },
      entered: room => {
        if (this.#rooms.get(room.name) === room) return
        if (this.#rooms.size >= most) {
          throw new OverflowError(`The hub has ${most} topics in use; limits.topics allows no more`)
        }
        this.#rooms.set(room.name, room)
      },
      emptied: room => {
        if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name)
      },
    }
    this.rejections = new Observable(subscriber => this.#rejections.add(subscriber))
    this.status = new Observable(subscriber => {
      subscriber.next(this.#now)
      if (this.#now.name !== 'closed') return this.#statuses.add(subscriber)
      subscriber.complete()
      return undefined
    })
    this.#watch = broker?.status.subscribe({
      next: status => this.#changed(status),
      error: report,
    })
  }

  get topics(): readonly string[] {
    return [...this.#rooms.keys()]
  }

  readonly topic: Hub['topic'] = <T, Who>(name: string, options: TopicOptions<T> = {}) => {
    if (!isName(name)) {
      refused('topic: name', name, `a well-formed text of 1 to ${longestName} characters`)
    }
    const { codec } = group('topic', options, ['codec'])
    const preset = this.#broker && this.#default
    const of =
      codec === undefined
        ? (preset as unknown as Codec<T> | undefined)
        : shaped('topic: codec', codec, undefined, ['decode', 'encode'])
    const find = () => this.#rooms.get(name) as Room<T> | undefined
    const used = find()
    if (used) {
      checkCodec(used, codec)
      const topic = this.#made.get(used)
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- put there below
      if (topic) return topic as Topic<T, Who>
    }
    // none of its own is kept in the hub: names that are asked for and not used cost nothing
    const own = new Room<T>(name, of, this.#host)
    const topic = new HubTopic<T, Who>(name, {
      find() {
        const room = find() ?? own
        if (room !== own) checkCodec(room, codec)
        return room
      },
    })
    this.#made.set(own, topic)
    return topic
  }

  readonly close = (): void => {
    if (this.#now.name === 'closed') return
    this.#broker?.close()
    this.#changed({ name: 'closed' })
    this.#watch?.unsubscribe()
  }

  #changed(status: BrokerStatus): void {
    if (this.#now.name === 'closed') return
    this.#now = status
    this.flow.unconfirmed += status.unconfirmed ?? 0
    const observed = this.#statuses.observed
    if (this.#host.away()) for (const room of [...this.#rooms.values()]) room.lost()
    this.#statuses.next(status)
    if (status.name === 'closed') this.#statuses.complete()
    if (status.cause && !observed) report(status.cause)
  }
}

function checkCodec<T>(room: Room<T>, codec: Codec<T> | undefined): void {
  if (codec === undefined || codec === room.codec) return
  throw new TypeError(
    `topic: codec: ${JSON.stringify(room.name)} is in use with another codec; share one object`,
  )
}

function isName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length >= 1 &&
    name.length <= longestName &&
    !/\p{Surrogate}/u.test(name)
  )
}
