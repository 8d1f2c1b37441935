/** What every broker promises, asked of each of them. */

import { filter, firstValueFrom, lastValueFrom, map, type Subscription, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Broker, BrokerStatus } from 'rivulet'
import { Mailbox } from '../wire/mailbox.js'
import { checkLeaks } from '../wire/leak-check.js'
import { type Running, subjects } from './subjects.js'

checkLeaks()

const bytes = (text: string) => new TextEncoder().encode(text)
const words = (message: Uint8Array) => new TextDecoder().decode(message)
const named = (broker: Broker, name: BrokerStatus['name']) =>
  firstValueFrom(broker.status.pipe(filter(status => status.name === name)))

describe.each(subjects)('a broker in $name', ({ start }) => {
  let running: Running

  beforeAll(async () => {
    running = await start()
  })
  afterAll(() => running.stop())

  async function connected(): Promise<Broker> {
    const broker = running.connect()
    onTestFinished(() => broker.close())
    await named(broker, 'connected')
    return broker
  }

  /** What comes, from when the broker has the subscription. */
  async function listen(broker: Broker, topic: string) {
    const got = new Mailbox<string>()
    const confirmations = new Mailbox<true>()
    const subscription: Subscription = broker
      .subscribe(topic, () => confirmations.put(true))
      .pipe(map(words))
      .subscribe(message => got.put(message))
    onTestFinished(() => subscription.unsubscribe())
    await confirmations.next()
    return { got, confirmations, subscription }
  }

  test('brings what one publishes to all that subscribe, in order, and nothing of other topics', async () => {
    const [one, other, publisher] = [await connected(), await connected(), await connected()]
    const all = [await listen(one, 'a'), await listen(other, 'a')]
    const sent = Array.from({ length: 500 }, (_, n) => `message ${n}`)
    for (const message of sent) {
      publisher.publish('b', bytes('not for them'))
      expect(publisher.publish('a', bytes(message))).toBe(true)
    }
    for (const { got } of all) expect(await got.take(500)).toEqual(sent)
  })

  test.each([
    ['a.b', 'a.c'],
    ['*', 'a'],
    ['>', 'a.b'],
    ['a b', 'a%20b'],
    ['ü 🙂\r\n', 'ü 🙂'],
    ['a*', 'ab'],
    ['A', 'a'],
    ["!~'()", '!'],
    ['é'.repeat(255), 'é'.repeat(254)],
  ])('tells the topic %j from %j', async (topic, other) => {
    const [broker, publisher] = [await connected(), await connected()]
    const { got } = await listen(broker, topic)
    publisher.publish(other, bytes('not this'))
    publisher.publish(topic, bytes('this'))
    expect(await got.next()).toBe('this')
  })

  test('brings any bytes as they are, none and many', async () => {
    const [broker, publisher] = [await connected(), await connected()]
    const got = new Mailbox<Uint8Array>()
    await new Promise<void>(resolve => {
      const subscription = broker
        .subscribe('any', resolve)
        .subscribe(message => got.put(Uint8Array.from(message)))
      onTestFinished(() => subscription.unsubscribe())
    })
    const sent = [0, 1, 65_536, 900_000].map(size => Uint8Array.from({ length: size }, (_, n) => n))
    for (const each of sent) publisher.publish('any', Uint8Array.from(each))
    for (const each of sent) expect(Buffer.compare(await got.next(), each)).toBe(0)
  })

  test('brings nothing when nobody subscribes any more, and all again to who does', async () => {
    const [broker, publisher] = [await connected(), await connected()]
    const { got, subscription } = await listen(broker, 'on and off')
    subscription.unsubscribe()
    const fence = await listen(broker, 'fence')
    publisher.publish('on and off', bytes('unheard'))
    publisher.publish('fence', bytes('passed'))
    await fence.got.next()
    const again = await listen(broker, 'on and off')
    publisher.publish('on and off', bytes('heard'))
    expect(await again.got.next()).toBe('heard')
    expect(await Promise.race([got.next(), Promise.resolve('nothing')])).toBe('nothing')
  })

  test('brings all to who comes back in the same turn, and once', async () => {
    const [broker, publisher] = [await connected(), await connected()]
    const { subscription } = await listen(broker, 'flip')
    subscription.unsubscribe()
    broker.subscribe('flip').subscribe().unsubscribe()
    const { got } = await listen(broker, 'flip')
    ;['1', '2'].forEach(message => publisher.publish('flip', bytes(message)))
    expect(await got.take(2)).toEqual(['1', '2'])
  })

  test('takes nothing while it is away, says so, and has every subscription again when it is back', async () => {
    const [broker, publisher] = [await connected(), await connected()]
    const before = await listen(broker, 'before')
    await running.lose()
    await Promise.all([named(broker, 'disconnected'), named(publisher, 'disconnected')])
    expect(publisher.publish('before', bytes('lost'))).toBe(false)
    const meanwhile = listen(broker, 'meanwhile')
    await running.restore()
    await named(publisher, 'connected')
    await before.confirmations.next()
    const { got } = await meanwhile
    publisher.publish('before', bytes('1'))
    publisher.publish('meanwhile', bytes('2'))
    expect(await before.got.next()).toBe('1')
    expect(await got.next()).toBe('2')
  })

  test('is closed behind what was published, and completes everything', async () => {
    const [broker, listener] = [await connected(), await connected()]
    const { got } = await listen(listener, 'last words')
    const subscribed = lastValueFrom(broker.subscribe('a').pipe(toArray()))
    const statuses = lastValueFrom(broker.status)
    for (let n = 0; n < 100; n++) broker.publish('last words', bytes(String(n)))
    broker.close()
    broker.close()
    expect(await subscribed).toEqual([])
    expect(await statuses).toEqual({ name: 'closed' })
    expect((await got.take(100)).at(-1)).toBe('99')
    expect(broker.publish('a', bytes('late'))).toBe(false)
    expect(await lastValueFrom(broker.status)).toEqual({ name: 'closed' })
    expect(await lastValueFrom(broker.subscribe('a').pipe(toArray()))).toEqual([])
  })
})
