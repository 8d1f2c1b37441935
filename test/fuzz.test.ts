import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { binary, type Codec, json, type Message, text } from 'rivulet'
import { virtualTime } from 'rivulet/testing'
import { cbor } from './formats/cbor.js'
import { messagePack } from './formats/messagepack.js'
import { MoveSchema } from './formats/move_pb.js'
import { protobuf } from './formats/protobuf.js'

const seed = 6
const payloads = 10_000

const schema = z.object({ type: z.enum(['move', 'say']), n: z.number(), to: z.array(z.string()) })
const move = protobuf(MoveSchema)

/** Each with what it takes, to start from. */
const codecs: Record<string, { codec: Codec<never>; taken: Message }> = {
  text: { codec: text as unknown as Codec<never>, taken: 'text' },
  binary: { codec: binary as Codec<never>, taken: Uint8Array.of(1) },
  json: { codec: json<never>(), taken: '{"a":[1,{"b":null}]}' },
  'json of a schema': {
    codec: json(schema) as Codec<never>,
    taken: '{"type":"move","n":1,"to":["a"]}',
  },
  MessagePack: { codec: messagePack as Codec<never>, taken: messagePack.encode({ a: [1, 'b'] }) },
  CBOR: { codec: cbor as Codec<never>, taken: cbor.encode({ a: [1, 'b'] }) },
  Protobuf: {
    codec: move as unknown as Codec<never>,
    taken: move.encode(create(MoveSchema, { x: 1, y: 2, by: 'me' })),
  },
}

/** Anything, and what is nearly right. */
function hostile(taken: Message): fc.Arbitrary<Message> {
  const damaged = fc
    .array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes): Message => {
      const bytes = Buffer.from(taken)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      return typeof taken === 'string' ? bytes.toString() : bytes
    })
  const announcing = fc
    .tuple(
      fc.constantFrom(0xdd, 0xdf, 0xdb, 0xc6, 0x9a, 0xba, 0x7a, 0x0a),
      fc.uint8Array({ maxLength: 12 }),
    )
    .map(([head, rest]): Message => Uint8Array.of(head, 0xff, 0xff, 0xff, 0xff, ...rest))
  return fc.oneof(
    damaged,
    announcing,
    fc.uint8Array({ maxLength: 64 }),
    fc.string({ unit: 'binary', maxLength: 64 }),
    fc.json({ maxDepth: 4 }),
  )
}

const sampleOf = (taken: Message) => fc.sample(hostile(taken), { seed, numRuns: payloads })

function decodes(codec: Codec<never>, message: Message): boolean {
  try {
    codec.decode(message)
    return true
  } catch (error) {
    if (!(error instanceof Error)) throw new Error('what was thrown is no Error', { cause: error })
    return false
  }
}

describe.each(Object.entries(codecs))('10,000 payloads for %s', (_, { codec, taken }) => {
  const sample = sampleOf(taken)

  test('give a value or an error each', () => {
    expect(decodes(codec, taken)).toBe(true)
    const undecodable = sample.filter(message => !decodes(codec, message)).length
    expect(undecodable).toBeGreaterThan(payloads / 10)
    expect('polluted' in {}).toBe(false)
  })

  test('have exactly the consequence of dropping, each on a connection that goes on', () => {
    const dropping: Codec<never> = { ...codec, onInvalid: () => 'drop' }
    // a virtual clock is slow with very many events
    for (let from = 0; from < payloads; from += 500) {
      const part = sample.slice(from, from + 500)
      const expected = part.map(message => decodes(codec, message))
      virtualTime(
        ({ accept, at }) => {
          const seen: boolean[] = []
          const bystander = accept(({ messages }) => messages)
          const { connection, peer } = accept(
            ({ read, rejections }) => {
              read(() => seen.push(true))
              rejections.subscribe(() => seen.push(false))
            },
            { codec: dropping },
          )
          for (const message of part) peer.send(message)
          bystander.peer.sends('1s a')
          at('2s', () => {
            expect(seen).toEqual(expected)
            expect(connection.state).toBe('open')
            expect(connection.flow.rejected).toBe(expected.filter(fine => !fine).length)
            expect(bystander.connection).toMatchObject({ state: 'open', flow: { rejected: 0 } })
            expect(bystander.peer.received.values).toEqual(['a'])
          })
        },
        { until: '3s' },
      )
    }
  })

  test('close the connection that they came on, and no other', () => {
    const some = sample.slice(0, 100)
    virtualTime(({ accept, at }) => {
      const bystander = accept(({ messages }) => messages, { codec: text })
      const ends = some.map(message => {
        const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec })
        let code: number | undefined
        connection.closed.subscribe(close => (code = close.code))
        peer.send(message)
        return () => code
      })
      bystander.peer.sends('1s a')
      at('2s', () => {
        ends.forEach((end, index) => {
          if (decodes(codec, some[index]!)) expect(end()).toBeUndefined()
          else expect([1003, 1007, 1008]).toContain(end())
        })
        expect(bystander.peer.received.values).toEqual(['a'])
        expect(bystander.connection.state).toBe('open')
      })
    })
  })
})

describe('a message that announces more than it has', () => {
  const repeated = (bytes: number[], times: number) =>
    Uint8Array.from({ length: bytes.length * times }, (_, at) => bytes[at % bytes.length]!)

  test.each<[string, Codec<unknown>, Uint8Array]>([
    ['MessagePack', messagePack, repeated([0xdd, 0x01, 0xff, 0xff, 0xff], 5)],
    ['MessagePack', messagePack, repeated([0xdc, 0x27, 0x10], 100_000)],
    ['MessagePack', messagePack, repeated([0xde, 0x27, 0x10], 100_000)],
    ['CBOR', cbor, repeated([0x9a, 0x01, 0xff, 0xff, 0xff], 5)],
    ['CBOR', cbor, repeated([0x81], 1024 * 1024)],
  ])('is refused by %s before there is room for it', (_, codec, bytes) => {
    const before = process.memoryUsage().heapUsed
    expect(() => codec.decode(bytes)).toThrow(Error)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024)
  })
})

test('MessagePack takes back whatever it has made', () => {
  const values = fc
    .json({ maxDepth: 5 })
    .map(json => JSON.parse(JSON.stringify(JSON.parse(json))) as unknown)
  const more = fc.oneof(values, fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 70_000 }))
  fc.assert(
    fc.property(more, value => {
      const bytes = messagePack.encode(value) as Uint8Array
      expect(messagePack.decode(bytes)).toEqual(value)
    }),
    { seed, numRuns: 1_000, examples: [[Array.from({ length: 70_000 }, (_, at) => at % 9)]] },
  )
})
