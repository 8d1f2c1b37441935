/** Model: all that the page knows of the connections, as the feed tells it. */

import type { Close, Counts, Inspection, Metrics, State, Waiting } from 'rivulet'
import type { Marble, News } from '../feed.js'

export interface Dot {
  readonly time: number
  readonly bytes: number
  readonly binary: boolean
}

type View = Extract<Inspection, { type: 'snapshot' }>['connections'][number]

/** A connection, also for a while after it has closed. */
export interface Item extends Pick<Waiting, 'flow' | 'queued' | 'queuedBytes'> {
  readonly id: string
  readonly url: string
  readonly remoteAddress: string | undefined
  readonly protocol: string
  state: State
  openedAt: number | undefined
  handshake: number | undefined
  roundTrip: number | undefined
  /** Since it began. */
  counts: Counts
  /** Messages a second, in and out. */
  rate: readonly [number, number]
  sampledAt: number
  ending: (Pick<Close, 'code' | 'reason' | 'by' | 'wasClean'> & Ended) | undefined
  readonly dots: Readonly<Record<'in' | 'out', Dot[]>>
  flow: Waiting['flow']
  queued: number
  queuedBytes: number
}

interface Ended {
  readonly cause: string | undefined
  readonly at: number
}

export const states = ['connecting', 'open', 'closing', 'closed'] as const

/** How long marbles are to be seen, in ms. */
export const span = 10_000
// how many that have closed are kept
const kept = 200
const names = [
  'messagesIn',
  'messagesOut',
  'bytesIn',
  'bytesOut',
  'dropped',
  'rejected',
  'refused',
] as const

export class Model {
  readonly items = new Map<string, Item>()
  readonly groups: Readonly<Record<State, Item[]>> = {
    connecting: [],
    open: [],
    closing: [],
    closed: [],
  }
  metrics: Metrics | undefined
  /** Told of each change of a connection; without one, of all. */
  changed: (item?: Item, before?: State) => void = () => undefined
  /** Told once a second. */
  ticked: () => void = () => undefined
  /** Told of messages. */
  flowed: (item: Item) => void = () => undefined

  take(news: News): void {
    switch (news.type) {
      case 'snapshot':
        this.#begin(news.connections, news.time)
        break
      case 'opened':
        this.#open(news)
        break
      case 'closing':
        this.#move(this.items.get(news.id), 'closing')
        break
      case 'closed':
        this.#close(news)
        break
      case 'samples':
        this.#sample(news)
        break
      case 'messages':
        this.#messages(news.marbles)
        break
      case 'metrics':
        this.metrics = news.metrics
        for (const item of this.items.values()) this.#cool(item, news.time)
        this.ticked()
        break
      case 'refused':
    }
  }

  #begin(connections: readonly View[], time: number): void {
    this.items.clear()
    for (const state of states) this.groups[state].length = 0
    for (const view of connections) {
      const item = itemOf(view, time)
      this.items.set(item.id, item)
      this.groups[item.state].push(item)
    }
    this.changed()
  }

  #open(news: Extract<News, { type: 'opened' }>): void {
    const known = this.items.get(news.id)
    const item = known ?? itemOf({ ...news, ...nothing, state: 'open' }, news.time)
    item.openedAt = news.time
    item.handshake = news.handshake
    if (known) {
      this.#move(known, 'open')
    } else {
      this.items.set(item.id, item)
      this.groups.open.push(item)
      this.changed(item, 'connecting')
    }
  }

  #close(news: Extract<News, { type: 'closed' }>): void {
    const item = this.items.get(news.id)
    if (!item) return
    const { cause, ...close } = news.close
    item.counts = news
    item.rate = [0, 0]
    item.flow = 'flowing'
    item.queued = item.queuedBytes = 0
    item.ending = { ...close, cause: cause && `${cause.name}: ${cause.message}`, at: news.time }
    this.#move(item, 'closed')
    for (const old of this.groups.closed.splice(kept)) {
      this.items.delete(old.id)
      this.changed(old, 'closed')
    }
  }

  #move(item: Item | undefined, state: State): void {
    if (!item || item.state === state) return
    const before = item.state
    const group = this.groups[before]
    group.splice(group.indexOf(item), 1)
    item.state = state
    // of those that have ended the last is the first
    if (state === 'closed') this.groups.closed.unshift(item)
    else this.groups[state].push(item)
    this.changed(item, before)
  }

  #sample({ connections, over, time }: Extract<News, { type: 'samples' }>): void {
    for (const sample of connections) {
      const item = this.items.get(sample.id)
      if (!item) continue
      const counts = { ...item.counts }
      for (const name of names) counts[name] += sample[name]
      item.counts = counts
      item.rate = [(sample.messagesIn * 1_000) / over, (sample.messagesOut * 1_000) / over]
      item.sampledAt = time
      item.flow = sample.flow
      item.queued = sample.queued
      item.queuedBytes = sample.queuedBytes
      item.roundTrip = sample.roundTrip ?? item.roundTrip
    }
  }

  // of what did not change no sample comes
  #cool(item: Item, time: number): void {
    if (time - item.sampledAt > 1_500 && item.rate[0] + item.rate[1] > 0) item.rate = [0, 0]
  }

  #messages(marbles: readonly Marble[]): void {
    const told = new Set<Item>()
    for (const [id, direction, kind, bytes, time] of marbles) {
      const item = this.items.get(id)
      if (!item) continue
      item.dots[direction].push({ time, bytes, binary: kind === 'binary' })
      told.add(item)
    }
    for (const item of told) this.flowed(item)
  }
}

const nothing = {
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  dropped: 0,
  rejected: 0,
  refused: 0,
  flow: 'flowing',
  queued: 0,
  queuedBytes: 0,
} as const

function itemOf(view: View, time: number): Item {
  const { id, url, remoteAddress, protocol, state, openedAt, roundTrip } = view
  const { flow, queued, queuedBytes } = view
  return {
    id,
    url,
    remoteAddress,
    protocol,
    state,
    openedAt,
    handshake: undefined,
    roundTrip,
    counts: view,
    rate: [0, 0],
    sampledAt: time,
    ending: undefined,
    dots: { in: [], out: [] },
    flow,
    queued,
    queuedBytes,
  }
}
