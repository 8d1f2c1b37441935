/** The brokers that the contract holds for, each with a way to lose it. */

import { type Broker, memoryBroker } from 'rivulet'
import { nats, type BrokerOptions } from 'rivulet/nats'
import { redis } from 'rivulet/redis'
import { BrokerProcess, brokersHere, type Kind } from './broker-process.js'

/** A broker that runs. */
export interface Running {
  connect(options?: BrokerOptions): Broker
  lose(): Promise<void>
  restore(): Promise<void>
  stop(): Promise<void>
}

/** Quick to notice and quick to come back, as tests do not like to wait. */
export const quick: BrokerOptions = {
  heartbeat: { interval: 200, timeout: 2_000 },
  reconnect: { from: 20, to: 200 },
}

export function connectTo(kind: Kind, url: string, options = quick): Broker {
  return kind === 'nats' ? nats(url, options) : redis(url, options)
}

function inMemory(): Promise<Running> {
  const { connect, lose, restore } = memoryBroker()
  const done = (act: () => void) => () => {
    act()
    return Promise.resolve()
  }
  const nothing = () => undefined
  return Promise.resolve({ connect, lose: done(lose), restore: done(restore), stop: done(nothing) })
}

async function asProcess(kind: Kind): Promise<Running> {
  const broker = await BrokerProcess.start(kind)
  return {
    connect: options => connectTo(kind, broker.url, options),
    lose: () => broker.kill(),
    restore: () => broker.start(),
    stop: () => broker.stop(),
  }
}

export const here = brokersHere()

export const subjects: readonly { name: string; start: () => Promise<Running> }[] = [
  { name: 'memory', start: inMemory },
  ...here.map(kind => ({ name: kind, start: () => asProcess(kind) })),
]
