/** What hubs do when a real broker is killed, frozen or slow. */

import { filter, firstValueFrom } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHub, type Hub, type Reach, text, type Topic } from 'rivulet'
import { redis } from 'rivulet/redis'
import { nats, type BrokerOptions } from 'rivulet/nats'
import { checkLeaks } from '../wire/leak-check.js'
import { Mailbox } from '../wire/mailbox.js'
import { BrokerProcess } from './broker-process.js'
import { connectTo, here, quick } from './subjects.js'

checkLeaks()

const reaches = (topic: Topic<string>, reach: Reach) =>
  firstValueFrom(topic.reach.pipe(filter(each => each === reach)))

/** Bytes in buffers that are still in use. */
function buffered(): number {
  // each file of tests has a process that exposes it; buffers are given back behind the next time
  const { gc } = globalThis as { gc?: () => void }
  gc?.()
  gc?.()
  return process.memoryUsage().arrayBuffers
}

/** A process, so to say: its hub, a topic of it, and what a member of that gets. */
interface Party {
  readonly hub: Hub
  readonly topic: Topic<string>
  readonly got: Mailbox<string>
}

describe.each(here.map(kind => ({ kind })))('hubs on $kind', ({ kind }) => {
  async function started() {
    const broker = await BrokerProcess.start(kind)
    onTestFinished(() => broker.stop())
    const join = async (options: BrokerOptions = quick): Promise<Party> => {
      const hub = createHub({ broker: connectTo(kind, broker.url, options) })
      onTestFinished(() => hub.close())
      hub.status.subscribe()
      const topic = hub.topic<string>('a', { codec: text })
      const got = new Mailbox<string>()
      const member = topic.subscribe(message => got.put(message))
      onTestFinished(() => member.unsubscribe())
      await reaches(topic, 'shared')
      return { hub, topic, got }
    }
    return { broker, join }
  }

  test('go on by themselves while it is killed, count what is lost, and share again when it is back', async () => {
    const { broker, join } = await started()
    const [one, other] = [await join(), await join()]
    one.topic.publish('before')
    expect(await other.got.next()).toBe('before')

    const lost = [one, other].map(({ topic }) => reaches(topic, 'lost'))
    await broker.kill()
    await Promise.all(lost)
    for (let n = 0; n < 10; n++) one.topic.publish(`alone ${n}`)
    expect(await one.got.take(11)).toHaveLength(11)
    expect(one.hub.flow).toMatchObject({ published: 11, lost: 10, unconfirmed: 0 })

    const restored = [one, other].map(({ topic }) => reaches(topic, 'restored'))
    await broker.start()
    await Promise.all(restored)
    one.topic.publish('after')
    expect(await other.got.next()).toBe('after')
    other.topic.publish('answer')
    expect(await one.got.take(2)).toEqual(['after', 'answer'])
    expect(other.hub.flow).toMatchObject({ published: 1, lost: 0, received: 2 })
  })

  test('notice that it is frozen, hold no more than the outbox, and share again when it is thawed', async () => {
    const { broker, join } = await started()
    const heartbeat = { interval: 200, timeout: 1_000 }
    const outbox = { bytes: 4 * 1024 * 1024 }
    const [one, other] = [
      await join({ ...quick, heartbeat, outbox }),
      await join({ ...quick, heartbeat }),
    ]
    const lost = [one, other].map(({ topic }) => reaches(topic, 'lost'))
    const status = firstValueFrom(
      one.hub.status.pipe(filter(({ name }) => name === 'disconnected')),
    )
    broker.freeze()
    onTestFinished(() => broker.thaw())

    const before = buffered()
    const message = 'x'.repeat(64 * 1024)
    for (let n = 0; n < 1_000; n++) one.topic.publish(`${n} ${message}`)
    const held = buffered() - before
    expect(held).toBeLessThan(3 * outbox.bytes)
    const { lost: refused } = one.hub.flow
    expect(refused).toBeGreaterThanOrEqual(1_000 - 64)
    expect(refused).toBeLessThan(1_000)

    await Promise.all(lost)
    const { unconfirmed, cause } = await status
    expect(cause?.message).toMatch(/no answer for 1000 ms/)
    expect(unconfirmed).toBe(1_000 - refused)
    expect(one.hub.flow).toMatchObject({ lost: refused, unconfirmed })

    const restored = [one, other].map(({ topic }) => reaches(topic, 'restored'))
    broker.thaw()
    await Promise.all(restored)
    one.topic.publish('after')
    // what was in the pipe when it froze may come, but not behind what is newer
    let last = await other.got.next()
    const seen = [last]
    while (last !== 'after') seen.push((last = await other.got.next()))
    const numbers = seen.slice(0, -1).map(each => parseInt(each))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    other.topic.publish('answer')
    await one.got.take(1_001)
    expect(await one.got.next()).toBe('answer')
  })

  test('lose nothing when it is slow', async () => {
    const { broker, join } = await started()
    const [one, other] = [await join(), await join()]
    let frozen = true
    const limp = setInterval(() => {
      if ((frozen = !frozen)) broker.freeze()
      else broker.thaw()
    }, 30)
    onTestFinished(() => {
      clearInterval(limp)
      broker.thaw()
    })
    const sent = Array.from({ length: 5_000 }, (_, n) => `message ${n}`)
    const reach: Reach[] = []
    const watch = other.topic.reach.subscribe(each => reach.push(each))
    onTestFinished(() => watch.unsubscribe())
    for (let n = 0; n < sent.length; n += 100) {
      sent.slice(n, n + 100).forEach(one.topic.publish)
      await new Promise(setImmediate)
    }
    expect(await other.got.take(sent.length)).toEqual(sent)
    expect(one.hub.flow).toMatchObject({ lost: 0, unconfirmed: 0 })
    expect(reach).toEqual(['shared'])
  })

  test('wait for it when they are there first', async () => {
    const broker = await BrokerProcess.start(kind)
    onTestFinished(() => broker.stop())
    await broker.kill()
    const hub = createHub({ broker: connectTo(kind, broker.url) })
    onTestFinished(() => hub.close())
    const topic = hub.topic<string>('a')
    const member = topic.subscribe()
    onTestFinished(() => member.unsubscribe())
    const { cause } = await firstValueFrom(
      hub.status.pipe(filter(({ name }) => name === 'disconnected')),
    )
    expect(cause).toMatchObject({ code: 'ERR_BROKER' })
    await broker.start()
    await reaches(topic, 'restored')
  })

  test('that are closed before it answers leave nothing behind', async () => {
    const broker = await BrokerProcess.start(kind)
    onTestFinished(() => broker.stop())
    createHub({ broker: connectTo(kind, broker.url) }).close()
    broker.freeze()
    onTestFinished(() => broker.thaw())
    createHub({ broker: connectTo(kind, broker.url) }).close()
  })
})

test('a message larger than NATS takes is lost, counted, and disturbs nobody', async context => {
  if (!here.includes('nats')) return context.skip('there is no nats-server')
  const broker = await BrokerProcess.start('nats')
  onTestFinished(() => broker.stop())
  const hub = createHub({ broker: nats(broker.url, quick) })
  onTestFinished(() => hub.close())
  hub.status.subscribe()
  const topic = hub.topic<string>('a')
  const got: string[] = []
  const member = topic.subscribe(message => got.push(message))
  onTestFinished(() => member.unsubscribe())
  await reaches(topic, 'shared')
  topic.publish('x'.repeat(1024 * 1024))
  expect(hub.flow).toMatchObject({ published: 1, lost: 1 })
  expect(got).toHaveLength(1)
  await reaches(topic, 'shared')
})

test.each([
  ['nats', nats],
  ['redis', redis],
] as const)('%s has no options that make no sense', (name, make) => {
  const refusal = (options: object) => {
    try {
      make('x', options)
    } catch (error) {
      return String(error)
    }
    return 'none'
  }
  expect(refusal({ prefix: 'a.b' })).toBe(
    `TypeError: ${name}: prefix: "a.b" is not made of 1 to 100 letters, digits, _ and -`,
  )
  expect(refusal({ reconnect: { from: 50, to: 10 } })).toBe(
    `TypeError: ${name}: reconnect.to: 10 is not at least reconnect.from, 50 ms`,
  )
  expect(refusal({ outbox: { bytes: 0 } })).toMatch(
    `${name}: outbox.bytes: 0 is not a whole number`,
  )
  expect(refusal({ heartbeat: { timeout: Infinity } })).toMatch(
    `${name}: heartbeat.timeout: Infinity`,
  )
  expect(refusal({ url: 'x' })).toMatch(`${name}.url is not an option`)
})
