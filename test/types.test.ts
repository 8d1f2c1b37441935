/** What the compiler knows from the schema alone. Most of it is checked by tsc, and not by running. */

import type { Server as HttpServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { map, type Observable, of, switchMap } from 'rxjs'
import ts from 'typescript'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  connect,
  type Connection,
  createHub,
  json,
  on,
  prepare,
  reconnect,
  type Sendable,
  session,
  type Session,
  type Topic,
  type Writer,
} from 'rivulet'
import { accept, serve } from 'rivulet/server'
import { virtualTime } from 'rivulet/testing'
import { blocksOf } from './docs/blocks.js'
import { problemsOf } from './docs/check.js'

const Ask = z.discriminatedUnion('type', [
  z.object({ type: z.literal('move'), x: z.number() }),
  z.object({ type: z.literal('say'), text: z.string() }),
])
const Answer = z.object({ type: z.literal('done'), at: z.number() })
type Ask = z.infer<typeof Ask>
type Answer = z.infer<typeof Answer>

const codec = json({ in: Ask, out: Answer })

// checked by tsc; never called
const unused = [
  () =>
    serve({ port: 0, codec }, connection => {
      expectTypeOf(connection).toEqualTypeOf<Connection<Ask, Answer>>()
      expectTypeOf(connection.messages).toEqualTypeOf<Observable<Ask>>()
      expectTypeOf(connection.send).parameter(0).toEqualTypeOf<Sendable<Answer>>()
      connection.read(message => expectTypeOf(message).toEqualTypeOf<Ask>())
      connection.messages
        .pipe(on('move'))
        .subscribe(message => expectTypeOf(message.x).toEqualTypeOf<number>())
      connection.send({ type: 'done', at: 1 })
      connection.send(prepare({ type: 'done', at: 1 }, codec))
      // @ts-expect-error there is no such message
      connection.send({ type: 'don', at: 1 })
      // @ts-expect-error there is no such message
      connection.send({ type: 'done', at: 'one' })
      // @ts-expect-error that is what comes in
      connection.send({ type: 'move', x: 1 })
      // @ts-expect-error a message of another type
      connection.send(prepare('text'))
      // @ts-expect-error no message has this tag
      connection.messages.pipe(on('mov'))
    }),
  // writers
  () => serve({ port: 0, codec }, () => of({ type: 'done', at: 1 })),
  () =>
    serve({ port: 0, codec }, ({ messages }) =>
      messages.pipe(
        on('move'),
        map(({ x }) => ({ type: 'done' as const, at: x })),
      ),
    ),
  () =>
    serve({ port: 0, codec }, async function* (connection) {
      for await (const message of connection) {
        expectTypeOf(message).toEqualTypeOf<Ask>()
        yield { type: 'done', at: 1 } as const
      }
    }),
  // @ts-expect-error what comes in is not what goes out
  () => serve({ port: 0, codec }, ({ messages }) => messages),
  // @ts-expect-error a wrong message
  () => serve({ port: 0, codec }, () => of({ type: 'done', at: 'one' })),
  // @ts-expect-error a writer is no promise
  () => serve({ port: 0, codec }, () => Promise.resolve({ type: 'done', at: 1 })),
  // the other doors
  (server: HttpServer) => {
    const connections = accept(server, { codec }, ({ read }) => {
      read(message => expectTypeOf(message).toEqualTypeOf<Ask>())
    })
    expectTypeOf(connections).toEqualTypeOf<Observable<Connection<Ask, Answer>>>()
  },
  () => {
    const connections = connect('ws://x', { codec }, ({ messages, read, send }) => {
      expectTypeOf(messages).toEqualTypeOf<Observable<Ask>>()
      expectTypeOf(send).parameter(0).toEqualTypeOf<Sendable<Answer>>()
      read(message => expectTypeOf(message).toEqualTypeOf<Ask>())
      return of({ type: 'done', at: 1 } as const)
    })
    expectTypeOf(connections).toEqualTypeOf<Observable<Connection<Ask, Answer>>>()
    const all = connections.pipe(reconnect())
    expectTypeOf(all).toEqualTypeOf<Observable<Connection<Ask, Answer>>>()
    // @ts-expect-error messages are not what is reconnected
    connections.pipe(switchMap(({ messages }) => messages)).pipe(reconnect())
    // @ts-expect-error a wrong message
    connect('ws://x', { codec }, () => of({ type: 'done', at: 'one' }))
    // @ts-expect-error no such option
    connect('ws://x', { codec, header: {} })
    expectTypeOf(connect('ws://x')).toEqualTypeOf<Observable<Connection>>()
  },
  () => {
    const made = session('ws://x', { codec, first: () => [{ type: 'done', at: 1 }] })
    expectTypeOf(made).toEqualTypeOf<Session<Ask, Answer>>()
    expectTypeOf(made.messages).toEqualTypeOf<Observable<Ask>>()
    made.send({ type: 'done', at: 1 })
    // @ts-expect-error a wrong message
    made.send({ type: 'move', x: 1 })
    // @ts-expect-error a wrong first message
    session('ws://x', { codec, first: () => [{ type: 'don' }] })
    const moves = made.multiplex(
      () => ({ type: 'done', at: 1 }),
      () => ({ type: 'done', at: 0 }),
      message => message.type === 'move',
    )
    expectTypeOf(moves).toEqualTypeOf<Observable<Extract<Ask, { type: 'move' }>>>()
  },
  () =>
    virtualTime(({ serve }) => {
      const server = serve(
        ({ messages }) => {
          expectTypeOf(messages).toEqualTypeOf<Observable<Ask>>()
          return of({ type: 'done', at: 1 } as const)
        },
        { codec },
      )
      expectTypeOf(server.connections).toEqualTypeOf<Observable<Connection<Ask, Answer>>>()
    }),
  () =>
    virtualTime(({ accept, link }) => {
      const { connection } = accept(
        ({ messages }) => {
          expectTypeOf(messages).toEqualTypeOf<Observable<Ask>>()
          return of({ type: 'done', at: 1 })
        },
        { codec },
      )
      expectTypeOf(connection).toEqualTypeOf<Connection<Ask, Answer>>()
      // @ts-expect-error a wrong message
      accept(() => of({ type: 'done' }), { codec })
      const { client } = link({}, { server: { codec } })
      expectTypeOf(client).toEqualTypeOf<Connection<Answer, Ask>>()
    }),
  () => {
    const hub = createHub()
    const topic = hub.topic('a', { codec: json(Answer) })
    expectTypeOf(topic).toEqualTypeOf<Topic<Answer>>()
    expectTypeOf(topic.publish).parameter(0).toEqualTypeOf<Answer>()
    expectTypeOf(hub.topic('a')).toEqualTypeOf<Topic<unknown>>()
    expectTypeOf(hub.topic<Answer, Ask>('a').members.who).toEqualTypeOf<readonly Ask[]>()
    serve({ port: 0, codec }, ({ read }) => {
      // @ts-expect-error what comes in is not what is told
      read(topic.publish)
      return topic
    })
    // @ts-expect-error not a topic of what this connection sends
    serve({ port: 0, codec }, () => hub.topic<Ask>('a'))
    // @ts-expect-error a message is what it is on both sides
    hub.topic('a', { codec })
    // @ts-expect-error nobody who is known
    hub.topic<Answer, Ask>('a').as('Ada')
  },
  // policies and options know the types too
  () =>
    json(
      { in: Ask, out: Answer },
      { invalid: ({ issues }) => ({ type: 'done', at: issues.length }) },
    ),
  () => json(Answer, { invalid: () => ({ type: 'done', at: 0 }) }),
  // @ts-expect-error a reply is a message
  () => json({ in: Ask, out: Answer }, { invalid: () => 'what?' }),
  () => expectTypeOf(json<Ask>()).toEqualTypeOf(json(Ask)),
  () => expectTypeOf<Writer<Answer>>().not.toBeAny(),
]

test('everything that is compiled here is compiled', () => {
  expect(unused.length).toBeGreaterThan(0)
})

describe('what the compiler says of', () => {
  const given = `import { of } from 'rxjs'
import { json, on } from 'rivulet'
import { serve } from 'rivulet/server'
import { z } from 'zod'
const codec = json(z.union([
  z.object({ type: z.literal('move'), x: z.number() }),
  z.object({ type: z.literal('say'), text: z.string() }),
]))`
  const said = (code: string) => {
    const page = ['```ts', ...given.split('\n'), code, '```'].join('\n')
    return problemsOf(blocksOf('page.md', page)).join('\n')
  }

  test.each<[string, string, RegExp]>([
    [
      'a wrong tag that is sent',
      `serve({ port: 0, codec }, ({ send }) => void send({ type: 'mov', x: 1 }))`,
      /Type '"mov"' is not assignable to type '"move"'/,
    ],
    [
      'a wrong member that is sent',
      `serve({ port: 0, codec }, ({ send }) => void send({ type: 'move', x: '1' }))`,
      /Types of property 'x' are incompatible/,
    ],
    [
      'a wrong message of a writer',
      `serve({ port: 0, codec }, () => of({ type: 'mov' as const, x: 1 }))`,
      /'"mov"' is not assignable to type '"move"|'"say"'/,
    ],
    [
      'a tag that no message has',
      `serve({ port: 0, codec }, ({ messages }) => void messages.pipe(on('mov')))`,
      /'on: no message has this tag'/,
    ],
  ])('%s names what is wrong', { timeout: 60_000 }, (_, code, text) => {
    const message = said(code)
    expect(message).toMatch(text)
    expect(message.length).toBeLessThan(2_000)
  })
})

test('dialWith takes the WebSocket of a browser, and that of ws', { timeout: 60_000 }, () => {
  const code = `/// <reference lib="dom" />
import { WebSocket as OfWs } from 'ws'
import { connect, dialWith } from 'rivulet'
connect('ws://x', { dial: dialWith(WebSocket) })
connect('ws://x', { dial: dialWith(OfWs) })
// @ts-expect-error that is something else
connect('ws://x', { dial: dialWith(EventSource) })`
  const page = ['```ts', ...code.split('\n'), '```'].join('\n')
  expect(problemsOf(blocksOf('page.md', page))).toEqual([])
})

test('no exported declaration has any in it', { timeout: 60_000 }, () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, file => ts.sys.readFile(file)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const entries = ['index', 'server/index', 'testing/index'].map(name => `${root}src/${name}.ts`)
  const program = ts.createProgram(entries, { ...options, noEmit: false, declaration: true })
  // declarations spell out whatever was inferred
  const declarations = new Map<string, string>()
  program.emit(undefined, (file, content) => declarations.set(file, content), undefined, true)
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  host.fileExists = file => declarations.has(file) || disk.fileExists(file)
  host.readFile = file => declarations.get(file) ?? disk.readFile(file)
  host.getSourceFile = (file, ...rest) => {
    const content = declarations.get(file)
    return content === undefined
      ? disk.getSourceFile(file, ...rest)
      : ts.createSourceFile(file, content, rest[0], true)
  }
  const emitted = ts.createProgram([...declarations.keys()], options, host)
  const checker = emitted.getTypeChecker()
  const found: string[] = []
  let seen = 0
  for (const file of declarations.keys()) {
    const visit = (node: ts.Node): void => {
      if (ts.isTypeNode(node)) {
        seen++
        if (checker.getTypeFromTypeNode(node).flags & ts.TypeFlags.Any) {
          found.push(`${file.slice(root.length)}: ${node.getText()}`)
        }
      } else if (
        (ts.isParameter(node) || ts.isPropertyDeclaration(node)) &&
        !node.type &&
        !node.initializer &&
        // what is private is told without its type
        !(ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) &&
        !ts.isPrivateIdentifier(node.name)
      ) {
        found.push(`${file.slice(root.length)}: ${node.getText()} has no type`)
      }
      ts.forEachChild(node, visit)
    }
    const source = emitted.getSourceFile(file)
    if (source) visit(source)
  }
  expect(seen).toBeGreaterThan(500)
  expect(found).toEqual([])
})
