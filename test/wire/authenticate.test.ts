import { connect as connectTcp } from 'node:net'
import { EMPTY, firstValueFrom, NEVER, Observable, of, Subject, throwError, timer, map } from 'rxjs'
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { connect } from 'rivulet'
import { type Authenticate, refuse, serve, type ServeOptions } from 'rivulet/server'
import { event } from './event.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { nextOf, serving, stopped } from './serving.js'

checkLeaks()

/** What a client is answered. */
async function answered(authenticate: Authenticate<unknown>, options: Partial<ServeOptions> = {}) {
  const { port, server } = await serving({ ...options, authenticate })
  const client = await RawClient.connect(port)
  client.write(upgradeRequest())
  const answer = await client.answer()
  return { ...answer, client, server }
}

/** Warnings that the process would print. */
function warnings(): Error[] {
  const seen: Error[] = []
  const note = (warning: Error) => seen.push(warning)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  return seen
}

describe('a principal', () => {
  const user = { name: 'Ada' }

  test.each<[string, Authenticate<typeof user>]>([
    ['at once', () => user],
    ['by a promise', () => Promise.resolve(user)],
    ['by an Observable', () => timer(5).pipe(map(() => user))],
    ['as the first of an Observable', () => of(user, { name: 'Eve' })],
  ])('that is given %s is in the handshake', async (_, authenticate) => {
    const { server, url } = await serving({ authenticate })
    const taken = nextOf(server)
    const subscription = connect(url, {}, () => NEVER).subscribe()
    expect((await taken).handshake.principal).toEqual(user)
    subscription.unsubscribe()
  })

  test('has its type in the handler, whatever form it is given in', async () => {
    const seen: string[] = []
    const authenticate = ({ url }: { url?: string | undefined }) =>
      Promise.resolve(url === '/' ? user : refuse(401))
    const own = serve({ port: 0, host: '127.0.0.1', authenticate }, ({ handshake }) => {
      expectTypeOf(handshake.principal).toEqualTypeOf<{ name: string }>()
      seen.push(handshake.principal.name)
    })
    onTestFinished(() => stopped(own))
    const { port } = await firstValueFrom(own.listening)
    const opened = firstValueFrom(own.connections)
    const subscription = connect(`ws://127.0.0.1:${port}`).subscribe()
    expectTypeOf((await opened).handshake.principal).toEqualTypeOf<{ name: string }>()
    expect(seen).toEqual(['Ada'])
    subscription.unsubscribe()
  })

  test.each([0, '', NaN])('may be %j: only nothing is nobody', async principal => {
    expect((await answered(() => principal)).status).toBe(101)
  })
})

describe('401 Unauthorized', () => {
  test.each<[string, Authenticate<object>]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['false', () => false],
    ['a promise of undefined', () => Promise.resolve(undefined)],
    ['an Observable of nothing', () => EMPTY],
    ['refuse(401)', () => refuse(401)],
  ])('is the answer to %s', async (_, authenticate) => {
    const { status, headers, client } = await answered(authenticate)
    expect(status).toBe(401)
    expect(headers).toMatchObject({ connection: 'close' })
    expect(await client.rest()).toMatch(/^.+\n$/)
  })
})

describe('refuse', () => {
  test('answers with its status, headers and message', async () => {
    const { line, headers, client } = await answered(() =>
      refuse(403, { message: 'Members only', headers: { 'WWW-Authenticate': 'Bearer' } }),
    )
    expect(line).toBe('HTTP/1.1 403 Forbidden')
    expect(headers).toMatchObject({ 'www-authenticate': 'Bearer' })
    expect(await client.rest()).toBe('Members only\n')
  })

  test('counts when it is rejected or thrown as well', async () => {
    const seen = warnings()
    for (const authenticate of [
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      () => Promise.reject(refuse(403)),
      () => throwError(() => refuse(403)),
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw refuse(403)
      },
    ]) {
      expect((await answered(authenticate)).status).toBe(403)
    }
    expect(seen).toEqual([])
  })

  test('with a closeCode accepts, and closes with it, so that a page can see why', async () => {
    const { server, url } = await serving({
      authenticate: () => refuse(401, { message: 'session is over', closeCode: 4401 }),
    })
    const opened: unknown[] = []
    server.connections.subscribe(each => opened.push(each))
    const closes = new Promise(resolve =>
      connect(url).subscribe({
        next: ({ closed }) => closed.subscribe(resolve),
        error: () => undefined,
      }),
    )
    expect(await closes).toMatchObject({ code: 4401, reason: 'session is over', by: 'peer' })
    expect(opened).toEqual([])
  })

  test.each<[string, () => unknown, RegExp]>([
    ['status', () => refuse(200), /^refuse: status: 200 is not a whole number from 400 to 599$/],
    [
      'message',
      () => refuse(401, { message: 'a\r\nb' }),
      /^refuse: message: .* a text of one line$/,
    ],
    [
      'closeCode',
      () => refuse(401, { closeCode: 1006 }),
      /^refuse: closeCode: 1006 may not be sent/,
    ],
    ['header', () => refuse(401, { headers: { 'a b': 'c' } }), /^refuse: headers: "a b"/],
    ['header value', () => refuse(401, { headers: { a: 'b\r\nc: d' } }), /^refuse: headers: a: /],
    ['option', () => refuse(401, { code: 1 } as object), /^refuse\.code is not an option/],
  ])('with a %s that makes no sense throws', (_, act, message) => {
    expect(act).toThrow(message)
  })
})

describe('500 Internal Server Error', () => {
  const secret = new Error('the password is sesame')
  test.each<[string, Authenticate<object>]>([
    [
      'throws',
      () => {
        throw secret
      },
    ],
    ['rejects', () => Promise.reject(secret)],
    ['errors', () => throwError(() => secret)],
  ])('is the answer when authenticate %s, and says nothing of it', async (_, authenticate) => {
    const seen = warnings()
    const { status, client } = await answered(authenticate)
    expect(status).toBe(500)
    expect(await client.rest()).not.toContain('sesame')
    await expect.poll(() => seen.map(({ message }) => message).join()).toContain('sesame')
  })
})

describe('503 Service Unavailable', () => {
  test('is the answer when authenticate takes longer than timeouts.handshake', async () => {
    let signal: AbortSignal | undefined
    const { status, headers } = await answered(
      (_, given) => {
        signal = given
        return new Promise(() => undefined)
      },
      { timeouts: { handshake: 50 } },
    )
    expect(status).toBe(503)
    expect(headers).toMatchObject({ 'retry-after': '5' })
    expect(signal?.aborted).toBe(true)
  })

  test('is the answer to all who wait when the server closes', async () => {
    let asked = 0
    let left = 0
    const authenticate = () =>
      new Observable<object>(() => {
        asked++
        return () => left++
      })
    const { port, server } = await serving({ authenticate })
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(port)))
    for (const client of clients) client.write(upgradeRequest())
    await expect.poll(() => asked).toBe(3)
    const gone = stopped(server)
    const statuses = await Promise.all(clients.map(async client => (await client.answer()).status))
    expect(statuses).toEqual([503, 503, 503])
    await gone
    expect(left).toBe(3)
  })

  test('is the answer where those who wait have taken all places', async () => {
    const verdict = new Subject<object>()
    let asked = 0
    const { port } = await serving({
      authenticate: () => {
        asked++
        return verdict
      },
      limits: { connections: 1 },
    })
    const first = await RawClient.connect(port)
    first.write(upgradeRequest())
    await expect.poll(() => asked).toBe(1)
    const second = await RawClient.connect(port)
    second.write(upgradeRequest())
    expect((await second.answer()).status).toBe(503)
    verdict.next({})
    expect((await first.answer()).status).toBe(101)
  })
})

test('who is let in is paused when it does not read, as without authenticate', async () => {
  const chunk = new Uint8Array(1024 * 1024)
  const { port, server } = await serving(
    { authenticate: () => Promise.resolve({}), outbox: { bytes: 2 ** 30 } },
    ({ send }) => {
      for (let each = 0; each < 16; each++) send(chunk)
    },
  )
  const taken = nextOf(server)
  const client = await RawClient.connect(port)
  client.write(upgradeRequest())
  client.tcp.pause()
  const { flow, messages } = await taken
  let read = 0
  messages.subscribe(() => read++)
  await expect.poll(() => flow.state).toBe('backed up')
  for (let each = 0; each < 50; each++) client.frame(2, 'x'.repeat(1_000))
  for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
  expect(read).toBe(0)
})

test('who is refused with a closeCode, and does not answer, keeps no server from closing', async () => {
  const { port, server } = await serving({
    authenticate: () => refuse(401, { closeCode: 4401 }),
    timeouts: { close: false },
  })
  const client = await RawClient.connect(port)
  client.write(upgradeRequest())
  expect((await client.answer()).status).toBe(101)
  await client.next()
  await stopped(server)
})

describe('a client that leaves while it is asked who it is', () => {
  test.each<[string, (client: RawClient) => void]>([
    ['ends TCP', client => client.tcp.end()],
    ['resets TCP', client => client.tcp.resetAndDestroy()],
    [
      'ends TCP behind what it has said',
      client => {
        client.frame(1, 'x'.repeat(1_000))
        client.tcp.end()
      },
    ],
    ['says more than anybody waits for', client => client.write('x'.repeat(20_000))],
  ])('and %s cancels the asking, and gives its place back', async (_, leave) => {
    let signal: AbortSignal | undefined
    let cancelled = 0
    const { port } = await serving({
      authenticate: (request, given) => {
        if (request.url !== '/') return {}
        signal = given
        return new Observable(() => () => cancelled++)
      },
      limits: { connections: 1 },
    })
    const client = await RawClient.connect(port)
    client.write(upgradeRequest())
    await expect.poll(() => signal).toBeDefined()
    leave(client)
    await expect.poll(() => cancelled).toBe(1)
    expect(signal?.aborted).toBe(true)
    const next = await RawClient.connect(port)
    next.write(upgradeRequest({ path: '/next' }))
    expect((await next.answer()).status).toBe(101)
  })

  test('is not an unhandled error of the process', async () => {
    let asked = 0
    const { port } = await serving({
      authenticate: () => {
        asked++
        return new Promise(() => undefined)
      },
    })
    for (let each = 0; each < 20; each++) {
      const tcp = connectTcp(port, '127.0.0.1')
      await event(tcp, 'connect')
      tcp.write(upgradeRequest())
      await expect.poll(() => asked).toBe(each + 1)
      tcp.resetAndDestroy()
    }
    expect(asked).toBe(20)
  })
})

test('what a client says before it is let in is not lost', async () => {
  const verdict = new Subject<object>()
  let asked = false
  const { port, server } = await serving({
    authenticate: () => {
      asked = true
      return verdict
    },
  })
  const messages: unknown[] = []
  server.connections.subscribe(({ read }) => read(each => messages.push(each)))
  const client = await RawClient.connect(port)
  client.write(upgradeRequest())
  client.frame(1, 'early')
  await expect.poll(() => asked).toBe(true)
  client.frame(1, 'and more')
  verdict.next({})
  expect((await client.answer()).status).toBe(101)
  client.frame(1, 'late')
  await expect.poll(() => messages).toEqual(['early', 'and more', 'late'])
})

test('a request that is refused for its origin is not asked who it is', async () => {
  let asked = 0
  const { port } = await serving({
    authenticate: () => {
      asked++
      return {}
    },
  })
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ headers: { Origin: 'http://elsewhere.example' } }))
  expect((await client.answer()).status).toBe(403)
  expect(asked).toBe(0)
})
