/** What a broker of another process does, in virtual time, with a client library that tests play. */

import { map, Observable } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { virtualTime, type VirtualTime } from 'rivulet/testing'
import type { Line, LineEvents } from '../../src/hub/line.js'
import { type BrokerOptions, readBrokerOptions, RemoteBroker } from '../../src/hub/remote.js'

/** A line that does what it is told, and answers when the test says so. */
class Played implements Line {
  readonly events: LineEvents
  largest = 1_000
  readonly asked: string[] = []
  readonly flushes: (() => void)[] = []
  closed = false

  constructor(events: LineEvents) {
    this.events = events
  }
  publish(topic: string, { byteLength }: Uint8Array): void {
    if (topic === 'impossible') throw new Error('impossible')
    this.asked.push(`publish ${topic} ${byteLength}`)
  }
  subscribe(topic: string): void {
    this.asked.push(`subscribe ${topic}`)
  }
  unsubscribe(topic: string): void {
    this.asked.push(`unsubscribe ${topic}`)
  }
  flush(done: () => void): void {
    this.flushes.push(done)
  }
  close(): void {
    this.closed = true
  }
  answer(): void {
    this.flushes.shift()?.()
  }
}

/** A broker whose every attempt does as `attempts` says; after them, all are open at once. */
function play(
  time: VirtualTime,
  options: BrokerOptions = {},
  attempts: ('refuse' | 'hang')[] = [],
) {
  const lines: Played[] = []
  const dialed: number[] = []
  const given = { times: 0 }
  // made at 0 ms of the run, when its clock is the virtual one
  const made = { broker: undefined as RemoteBroker | undefined }
  time.at('0s', () => {
    const settings = readBrokerOptions('test', { random: () => 0, ...options })
    made.broker = new RemoteBroker(events => {
      const line = new Played(events)
      lines.push(line)
      dialed.push(settings.scheduler.now())
      const attempt = attempts.shift()
      if (attempt === 'refuse') events.ended(new Error('refused'))
      else if (attempt !== 'hang') events.opened(line)
      return () => given.times++
    }, settings)
  })
  return {
    lines,
    dialed,
    given,
    get broker() {
      return made.broker!
    },
    get line() {
      return lines.at(-1)!
    },
    statuses: new Observable<string>(subscriber =>
      made
        .broker!.status.pipe(map(({ name, cause }) => cause?.message ?? name))
        .subscribe(subscriber),
    ),
  }
}

const bytes = (length: number) => new Uint8Array(length)

describe('a broker of another process', () => {
  test('is dialed again and again, each wait twice the last, up to a bound, and less by chance', () => {
    virtualTime(time => {
      const reconnect = { from: 100, to: 500 }
      const played = play(
        time,
        { reconnect },
        Array.from({ length: 5 }, () => 'refuse' as const),
      )
      const spread = play(time, { reconnect, random: () => 1 - 2 ** -32 }, ['refuse', 'refuse'])
      time.at('5s', () => {
        expect(played.dialed).toEqual([0, 100, 300, 700, 1_200, 1_700])
        expect(spread.dialed.map(Math.round)).toEqual([0, 50, 150])
        expect(played.given.times).toBe(5)
        played.broker.close()
        spread.broker.close()
      })
    })
  })

  test('that does not answer the attempt is given up, and what comes of it later is closed', () => {
    virtualTime(time => {
      const played = play(time, { heartbeat: { timeout: 1_000 } }, ['hang'])
      const seen: string[] = []
      time.at('0s', () => played.statuses.subscribe(status => seen.push(status)))
      time.at('2s', () => {
        expect(played.dialed).toEqual([0, 1_100])
        const [late] = played.lines
        late!.events.opened(late!)
        late!.events.ended(new Error('late'))
        late!.events.message('a', bytes(1))
        expect(late!.closed).toBe(true)
        expect(seen).toEqual([
          'connecting',
          'The broker is away: no answer within 1000 ms',
          'connected',
        ])
        played.broker.close()
      })
    })
  })

  test('starts with short waits again once it has stayed for a beat, and not before', () => {
    virtualTime(time => {
      const played = play(time, {
        reconnect: { from: 100, to: 5_000 },
        heartbeat: { interval: 1_000 },
      })
      const lose = () => played.line.events.ended(new Error('gone'))
      time.at('1s', () => {
        played.line.answer()
        lose()
      })
      time.at('1200ms', lose)
      time.at('1500ms', () => played.line.answer())
      time.at('2600ms', () => played.line.answer())
      time.at('3s', lose)
      time.at('4s', () => {
        expect(played.dialed).toEqual([0, 1_100, 1_400, 3_100])
        played.broker.close()
      })
    })
  })

  test('is asked one question at a time, whose answer is that of all that went before it', () => {
    virtualTime(time => {
      const played = play(time, { outbox: { messages: 3 } })
      time.at('1s', () => {
        const { broker, line } = played
        line.answer()
        expect(broker.publish('a', bytes(1))).toBe(true)
        expect(line.flushes).toHaveLength(1)
        expect([2, 3, 4].map(n => broker.publish('a', bytes(n)))).toEqual([true, true, false])
        expect(line.flushes).toHaveLength(1)
        line.answer()
        // the first is there, and the other two are asked for
        expect(line.flushes).toHaveLength(1)
        expect(broker.publish('a', bytes(5))).toBe(true)
        expect(broker.publish('a', bytes(6))).toBe(false)
        line.answer()
        expect([7, 8, 9].map(n => broker.publish('a', bytes(n)))).toEqual([true, true, false])
        expect(line.asked.slice(-2)).toEqual(['publish a 7', 'publish a 8'])
        broker.close()
      })
    })
  })

  test('takes no more bytes than its outbox, none that are too large, and none that it can not', () => {
    virtualTime(time => {
      const played = play(time, { outbox: { bytes: 1_500 } })
      time.at('1s', () => {
        const { broker } = played
        expect(broker.publish('a', bytes(1_001))).toBe(false)
        expect(broker.publish('a', bytes(1_000))).toBe(true)
        expect(broker.publish('a', bytes(501))).toBe(false)
        expect(broker.publish('impossible', bytes(1))).toBe(false)
        expect(broker.publish('a', bytes(500))).toBe(true)
        broker.close()
      })
    })
  })

  test('that does not answer for the timeout is lost, with what was on the way', () => {
    virtualTime(time => {
      const played = play(time, { heartbeat: { interval: 1_000, timeout: 3_000 } })
      const lost: unknown[] = []
      time.at('0s', () => {
        played.broker.status.subscribe(status => lost.push(status))
        played.line.answer()
      })
      // the beat at 1 s is answered at 2 s, the one at 3 s is not
      time.at('2s', () => played.line.answer())
      time.at('4s', () => played.broker.publish('a', bytes(1)))
      time.at('5999ms', () => expect(lost).toHaveLength(1))
      time.at('7s', () => {
        expect(lost.slice(1)).toMatchObject([
          {
            name: 'disconnected',
            unconfirmed: 1,
            cause: { message: 'The broker is away: no answer for 3000 ms' },
          },
          { name: 'connected' },
        ])
        expect(played.broker.publish('a', bytes(1))).toBe(true)
        played.broker.close()
      })
    })
  })

  test('that answers late, and says something meanwhile, is not lost', () => {
    virtualTime(time => {
      const played = play(time, { heartbeat: { timeout: 1_000 } })
      const seen: string[] = []
      time.at('0s', () => {
        played.statuses.subscribe(status => seen.push(status))
        played.broker.subscribe('a').subscribe()
      })
      for (const when of ['600ms', '1300ms', '2s'] as const) {
        time.at(when, () => played.line.events.message('a', bytes(1)))
      }
      time.at('2600ms', () => {
        expect(seen).toEqual(['connected'])
        played.line.answer()
        played.line.answer()
      })
      time.at('5s', () => {
        expect(seen).toEqual(['connected'])
        played.broker.close()
      })
    })
  })

  test('has every subscription again, confirmed when it has answered', () => {
    virtualTime(time => {
      const played = play(time)
      const seen: string[] = []
      const topic = (name: string) =>
        played.broker
          .subscribe(name, () => seen.push(`confirmed ${name}`))
          .subscribe(({ byteLength }) => seen.push(`${name} ${byteLength}`))
      time.at('1s', () => {
        const [, gone] = [topic('a'), topic('b')]
        played.line.answer()
        expect(seen).toEqual([])
        played.line.answer()
        expect(seen).toEqual(['confirmed a', 'confirmed b'])
        gone.unsubscribe()
        expect(played.line.asked).toEqual(['subscribe a', 'subscribe b', 'unsubscribe b'])
        played.line.events.message('b', bytes(1))
        played.line.events.message('a', bytes(2))
        const before = played.line
        before.events.ended(new Error('gone'))
        before.events.message('a', bytes(3))
        before.answer()
        topic('c')
        seen.push('again')
      })
      time.at('2s', () => {
        expect(played.line.asked).toEqual(['subscribe a', 'subscribe c'])
        played.line.answer()
        expect(seen.slice(2)).toEqual(['a 2', 'again', 'confirmed a', 'confirmed c'])
        played.broker.close()
      })
    })
  })

  test('is left when what was published has its answer, or at the timeout', () => {
    virtualTime(time => {
      const options = { heartbeat: { timeout: 1_000 } }
      const [answered, mute, waiting] = [
        play(time, options),
        play(time, options),
        play(time, options, ['refuse']),
      ]
      time.at('0s', () => waiting.broker.close())
      time.at('1ms', () => [answered, mute].forEach(({ broker }) => broker.close()))
      time.at('2ms', () => {
        expect(answered.line.closed).toBe(false)
        answered.line.flushes.at(-1)!()
        expect(answered.line.closed).toBe(true)
      })
      time.at('1s', () => expect(mute.line.closed).toBe(false))
      time.at('2s', () => expect(mute.line.closed).toBe(true))
      time.at('1m', () => {
        for (const { dialed } of [answered, mute, waiting]) expect(dialed).toEqual([0])
      })
    })
  })
})
