import { type } from 'arktype'
import { NEVER, of, Subject } from 'rxjs'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type Codec, CodecError, json, type JsonOptions, type StandardSchema } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

interface Move {
  type: 'move'
  to: { x: number; y: number }[]
}

// the same message in three libraries
const schemas: Record<string, StandardSchema<Move>> = {
  Zod: z.object({
    type: z.literal('move'),
    to: z.array(z.object({ x: z.number(), y: z.number() })),
  }),
  Valibot: v.object({
    type: v.literal('move'),
    to: v.array(v.object({ x: v.number(), y: v.number() })),
  }),
  ArkType: type({ type: "'move'", to: type({ x: 'number', y: 'number' }).array() }),
}

// a text that stands for a number: what comes in is not what goes out
const lengths = {
  Zod: json(z.object({ n: z.string().transform(Number) })),
  Valibot: json(v.object({ n: v.pipe(v.string(), v.transform(Number)) })),
  ArkType: json(type({ n: type('string').pipe(Number) })),
}

/** What a codec throws. */
function thrownBy(work: () => unknown): CodecError {
  try {
    work()
  } catch (error) {
    if (error instanceof CodecError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const good: Move = { type: 'move', to: [{ x: 1, y: 2 }] }

describe.each(Object.entries(schemas))('a schema of %s', (_, schema) => {
  const codec = json(schema)

  test('gives what fits', () => {
    expect(codec.decode(JSON.stringify(good))).toEqual(good)
    expect(codec.encode(good)).toBe(JSON.stringify(good))
  })

  test('names the path of each issue', () => {
    const error = thrownBy(() => codec.decode('{"type":"move","to":[{"x":1,"y":2},{"x":"1"}]}'))
    expect(error.closeCode).toBe(1008)
    expect(error.issues.map(({ path }) => path)).toEqual(['to[1].x', 'to[1].y'])
    expect(error.issues.every(({ message }) => message.length > 5)).toBe(true)
    expect(error.message).toContain('to[1].x: ')
    expect(Array.isArray(error.issues) && error.issues.constructor === Array).toBe(true)
  })

  test('does not quote what came, however it is written', () => {
    for (const secret of ['hunter2', 'hun"ter\\2', `hun'ter2`, 'x'.repeat(1024 * 1024)]) {
      for (const message of [secret, { type: secret }, { type: 'move', to: secret }]) {
        const error = thrownBy(() => codec.decode(JSON.stringify(message)))
        const report = JSON.stringify({ said: error.message, issues: error.issues })
        expect(report).not.toContain('hun')
        expect(report).not.toContain('xxx')
        expect(report.length).toBeLessThan(5_000)
      }
    }
  })

  test('checks what leaves only when it is asked to', () => {
    const bad = { type: 'move', to: [{ x: 1 }] } as unknown as Move
    expect(codec.encode(bad)).toBe('{"type":"move","to":[{"x":1}]}')
    const error = thrownBy(() => json(schema, { checksOutgoing: true }).encode(bad))
    expect(error).toMatchObject({ closeCode: 1011, issues: [{ path: 'to[0].y' }] })
  })

  test('leaves the prototype of objects alone', () => {
    for (const hostile of [
      '{"__proto__":{"polluted":1},"type":"move","to":[]}',
      '{"constructor":{"prototype":{"polluted":1}},"type":"move","to":[]}',
      '{"type":"move","to":[{"__proto__":{"x":1,"y":2}}]}',
    ]) {
      try {
        const value: object = codec.decode(hostile)
        expect('polluted' in value).toBe(false)
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError)
      }
      expect('polluted' in {}).toBe(false)
    }
  })
})

test.each(Object.entries(lengths))(
  'a schema of %s that transforms gives one type and takes another',
  (_, codec) => {
    expectTypeOf(codec).toEqualTypeOf<Codec<{ n: number }, { n: string }>>()
    expect(codec.decode('{"n":"12"}')).toEqual({ n: 12 })
    expect(codec.encode({ n: '12' })).toBe('{"n":"12"}')
  },
)

describe('one schema for each direction', () => {
  const codec = json(
    { in: z.object({ ask: z.string() }), out: z.object({ answer: z.number() }) },
    { checksOutgoing: true },
  )

  test('is what each of them says', () => {
    expectTypeOf(codec).toEqualTypeOf<Codec<{ ask: string }, { answer: number }>>()
    expect(codec.decode('{"ask":"why"}')).toEqual({ ask: 'why' })
    expect(codec.encode({ answer: 42 })).toBe('{"answer":42}')
    expect(thrownBy(() => codec.decode('{"answer":42}')).closeCode).toBe(1008)
    expect(thrownBy(() => codec.encode({ ask: 'why' } as never)).closeCode).toBe(1011)
  })

  test('may be of different libraries', () => {
    const mixed = json({ in: v.string(), out: type('number') })
    expectTypeOf(mixed).toEqualTypeOf<Codec<string, number>>()
    expect(mixed.decode('"a"')).toBe('a')
  })
})

describe('what is no JSON', () => {
  const codec = json(z.string())

  test('is 1007 for a text, and is not quoted', () => {
    const error = thrownBy(() => codec.decode('{"hunter2'))
    expect(error).toMatchObject({ closeCode: 1007, message: 'The message is not JSON', issues: [] })
    expect(error.cause).toBeUndefined()
  })

  test('is 1003 for bytes', () => {
    expect(thrownBy(() => codec.decode(new Uint8Array())).closeCode).toBe(1003)
  })

  test('is 1011 on its way out', () => {
    const open = json()
    expect(thrownBy(() => open.encode(undefined)).message).toBe('A undefined has no JSON')
    expect(thrownBy(() => open.encode(() => 1)).closeCode).toBe(1011)
    virtualTime(({ accept, expectClose }) => {
      for (const value of [1n, Symbol('s')]) {
        const { connection } = accept(() => of(value), { codec: open })
        expectClose(connection, '0s', { code: 1011, cause: like({ code: 'ERR_CODEC' }) })
      }
    })
  })
})

describe('a report', () => {
  const schemaOf = (issues: StandardIssues): StandardSchema => ({
    '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) },
  })
  type StandardIssues = readonly {
    message: string
    path?: (PropertyKey | { key: PropertyKey })[]
  }[]
  const reportOf = (issues: StandardIssues) => thrownBy(() => json(schemaOf(issues)).decode('1'))

  test('has ten issues at most, each of 200 characters at most', () => {
    const long = 'm'.repeat(1024 * 1024)
    const many = Array.from({ length: 100_000 }, () => ({ message: long, path: [long, long] }))
    const error = reportOf(many)
    expect(error.issues).toHaveLength(10)
    expect(error.issues[0]?.message).toHaveLength(200)
    expect(error.issues[0]?.path).toHaveLength(200)
    expect(error.message.length).toBeLessThan(5_000)
  })

  test('has a path of any kind of steps, and of any depth', () => {
    const steps = ['a', 0, { key: 'b' }, Symbol('c'), '__proto__']
    expect(reportOf([{ message: 'no', path: steps }]).issues).toEqual([
      { path: 'a[0].b.Symbol(c).__proto__', message: 'no' },
    ])
    const deep = Array.from({ length: 1_000_000 }, () => 'deep')
    expect(reportOf([{ message: 'no', path: deep }]).issues[0]?.path).toHaveLength(200)
  })

  test('is one line, whatever the keys and messages are', () => {
    const error = reportOf([{ message: 'a\nb\u2028c\u001b[31m', path: ['x\r\ny', '\ud800'] }])
    expect(error.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Cs}]/u)
    expect(error.issues[0]?.message).toBe('a\ufffdb\ufffdc\ufffd[31m')
  })
})

describe('an asynchronous schema', () => {
  test.each<[string, StandardSchema]>([
    ['Zod', z.unknown().refine(() => Promise.resolve(true))],
    [
      'Valibot',
      v.pipeAsync(
        v.string(),
        v.checkAsync(() => Promise.resolve(true)),
      ),
    ],
  ])('of %s is refused at the door', (_, schema) => {
    expect(() => json(schema)).toThrow(TypeError)
    expect(() => json(schema)).toThrow(/^json: schema: an object is not a synchronous schema/)
    expect(() => json({ in: z.string(), out: schema })).toThrow(/^json: schema\.out: /)
  })

  // that it is asynchronous shows only when a text comes
  const late = json(
    z.string().refine(() => Promise.resolve(true)),
    { invalid: 'drop' },
  )

  test('that can not be told at the door closes with 1011, whatever the policy', () => {
    virtualTime(({ accept, expectClose }) => {
      const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec: late })
      peer.sends('1s a', { a: '"text"' })
      expectClose(connection, '1s', {
        code: 1011,
        reason: 'internal error',
        cause: like({
          message:
            'json: the schema is asynchronous, and messages do not wait for one; or it threw',
        }),
      })
    })
  })
})

test('a schema that throws closes with 1011, whatever the policy, and its error is the cause', () => {
  const failure = new Error('quotes the message: hunter2')
  const schema: StandardSchema<string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate() {
        throw failure
      },
    },
  }
  virtualTime(({ accept, expectClose }) => {
    const { connection, peer } = accept(({ read }) => void read(() => undefined), {
      codec: json(schema, { invalid: 'drop' }),
    })
    peer.sends('1s a', { a: '1' })
    expectClose(connection, '1s', {
      code: 1011,
      cause: like({ message: 'json: the schema threw', cause: failure }),
    })
  })
})

describe('invalid', () => {
  type Report = { error: string }
  const schema = { in: z.object({ n: z.number() }), out: z.object({ error: z.string() }) }
  const codecOf = (invalid: JsonOptions<Report>['invalid']) => json(schema, { invalid })
  const script = { g: '{"n":1}', x: '{"n":"one"}', j: '{' }

  test('closes with 1007 for what is no JSON, and 1008 for what the schema refuses', () => {
    virtualTime(({ accept, expectClose, expectStream }) => {
      for (const codec of [codecOf(undefined), codecOf('close')]) {
        const one = accept(({ read }) => void read(() => undefined), { codec })
        one.peer.sends('g 1s x g', script)
        expectStream(one.peer.frames).toBe('1001ms c', {
          c: { close: 1008, reason: 'message not allowed' },
        })
        expectClose(one.connection, '1001ms', {
          code: 1008,
          by: 'local',
          cause: like({ issues: [like({ path: 'n' })] }),
        })
        const other = accept(({ read }) => void read(() => undefined), { codec })
        other.peer.sends('1s j', script)
        expectClose(other.connection, '1s', { code: 1007, reason: 'invalid message' })
      }
    })
  })

  test('drops, counts and reports', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(undefined, { codec: codecOf('drop') })
      peer.sends('g 1s x 1s j 1s g', script)
      expectStream(connection.messages).toBe('g 3002ms g 6996ms |', { g: { n: 1 } })
      const paths = new Subject<string>()
      connection.rejections.subscribe(({ closeCode, issues }) =>
        paths.next(`${closeCode} ${issues.map(({ path }) => path).join()}`),
      )
      expectStream(paths).toBe('1001ms s 1s j', { s: '1008 n', j: '1007 ' })
      at('10s', () => {
        expect(connection.flow.rejected).toBe(2)
        expect(connection.flow.snapshot().rejected).toBe(2)
        expect(connection.state).toBe('open')
        connection.close()
      })
      expectStream(connection.rejections).toBe('1001ms s 1s j 7997ms |', {
        s: like({ closeCode: 1008 }),
        j: like({ closeCode: 1007 }),
      })
    })
  })

  test('tells flow.changes of each rejection', () => {
    virtualTime(({ accept, expectStream }) => {
      const { connection, peer } = accept(({ read }) => void read(() => undefined), {
        codec: codecOf('drop'),
      })
      peer.sends('1s x 1s x', script)
      expectStream(connection.flow.changes).toBe('a 999ms b 1s c', {
        a: like({ rejected: 0 }),
        b: like({ rejected: 1 }),
        c: like({ rejected: 2 }),
      })
    })
  })

  test('answers with what the application makes of the issues', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const codec = codecOf(({ issues: [first] }) => ({ error: first?.path ?? 'not JSON' }))
      const { connection, peer } = accept(({ read }) => void read(() => undefined), { codec })
      peer.sends('1s x 1s j', script)
      expectStream(peer.received).toBe('1s a 1s b', {
        a: '{"error":"n"}',
        b: '{"error":"not JSON"}',
      })
      at('5s', () => expect(connection.flow).toMatchObject({ rejected: 2, sent: 2 }))
    })
  })

  test('that throws, or promises a reply, closes with 1011', () => {
    const failure = new Error('no words')
    virtualTime(({ accept, expectClose }) => {
      const throwing = accept(({ read }) => void read(() => undefined), {
        codec: codecOf(() => {
          throw failure
        }),
      })
      throwing.peer.sends('1s x', script)
      expectClose(throwing.connection, '1s', {
        code: 1011,
        cause: like({ code: 'ERR_APPLICATION', where: 'codec', cause: failure }),
      })
      const promising = accept(({ read }) => void read(() => undefined), {
        codec: codecOf((async () => Promise.reject(failure)) as never),
      })
      promising.peer.sends('1s x', script)
      expectClose(promising.connection, '1s', { code: 1011, cause: like({ where: 'codec' }) })
    })
  })

  test('is heard by nobody when nobody reads: nothing is decoded', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(() => NEVER, { codec: codecOf('close') })
      peer.sends('1s x', script)
      at('2s', () => expect(connection).toMatchObject({ state: 'open', flow: { rejected: 0 } }))
    })
  })
})

test('what makes no sense is refused at the door', () => {
  const refusals: [unknown, unknown, RegExp][] = [
    [5, undefined, /^json: schema: 5 is not a Standard Schema of version 1/],
    [null, undefined, /^json: schema: null is not/],
    ['x', undefined, /^json: schema: "x" is not/],
    [{ in: z.string() }, undefined, /^json: schema.out: undefined is not/],
    [{ in: z.string(), out: 7 }, undefined, /^json: schema.out: 7 is not/],
    [{ '~standard': { version: 2 } }, undefined, /^json: schema: an object is not/],
    [{ inn: z.string(), out: z.string() }, undefined, /^json: schema.inn is not an option/],
    [undefined, { invalid: 'ignore' }, /^json: invalid: "ignore" is not 'close', 'drop' or/],
    [undefined, { checksOutgoing: 1 }, /^json: checksOutgoing: 1 is not true or false/],
    [undefined, { strict: true }, /^json.strict is not an option/],
  ]
  for (const [schema, options, message] of refusals) {
    const call = () => json(schema as undefined, options as undefined)
    expect(call).toThrow(TypeError)
    expect(call).toThrow(message)
  }
})
