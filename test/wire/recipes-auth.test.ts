/** Three ways to know who connects: each region is a part of docs/security.md, word for word. */

import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { firstValueFrom, of } from 'rxjs'
import { afterEach, describe, expect, expectTypeOf, onTestFinished, test, vi } from 'vitest'
import { connect, type ConnectOptions, type Message } from 'rivulet'
import { refuse, serve, type Server } from 'rivulet/server'
import { dialed, opened } from './dialed.js'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { stopped } from './serving.js'

checkLeaks()

interface User {
  readonly name: string
}

const ada: User = { name: 'Ada' }
const port = 0

/** Waits until it listens. The test's end closes it. */
async function addressOf({ listening, close }: Server<Message, Message, User>): Promise<string> {
  onTestFinished(() => stopped({ close }))
  return `127.0.0.1:${(await firstValueFrom(listening)).port}`
}

/** Connects: the first message, and the subprotocol; or the status of the refusal. */
async function meet(url: string, options: ConnectOptions = {}) {
  const { got, outcome, connection } = dialed(connect(url, options))
  return Promise.race([
    got.next().then(message => ({ message, protocol: connection.handshake.protocol })),
    outcome.then(error => (error as { status?: number }).status),
  ])
}

const hello = { message: 'Hello, Ada', protocol: '' }

describe('a session in a cookie', () => {
  const sessions = new Map([['7d9f', ada]])

  function started() {
    // #region A session in a cookie
    const sessionOf = ({ headers }: IncomingMessage) =>
      sessions.get(/(?:^|; )session=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? '')

    const server = serve({ port, authenticate: sessionOf }, ({ handshake: { principal } }) =>
      of(`Hello, ${principal.name}`),
    )
    // #endregion
    expectTypeOf(server).toEqualTypeOf<Server<Message, Message, User>>()
    return addressOf(server)
  }

  test.each(['session=7d9f', 'theme=dark; session=7d9f', 'session=7d9f; a=b; xsession=no'])(
    'is found in %s',
    async cookie => {
      const address = await started()
      expect(await meet(`ws://${address}`, { headers: { cookie } })).toEqual(hello)
    },
  )

  test.each(['session=0000', 'xsession=7d9f', 'session=', 'theme=dark'])(
    'is not found in %s: 401',
    async cookie => {
      const address = await started()
      expect(await meet(`ws://${address}`, { headers: { cookie } })).toBe(401)
    },
  )

  test('is missing without a cookie: 401', async () => {
    expect(await meet(`ws://${await started()}`)).toBe(401)
  })

  test('does not help a page of another origin, whose browser sends it along', async () => {
    const address = await started()
    const cookie = 'session=7d9f'
    const own = { cookie, origin: `http://${address}` }
    expect(await meet(`ws://${address}`, { headers: own })).toEqual(hello)
    const foreign = { cookie, origin: 'http://elsewhere.example' }
    expect(await meet(`ws://${address}`, { headers: foreign })).toBe(403)
  })
})

describe('a bearer token in a subprotocol', () => {
  // the form of a JWT: whatever is base64url and dots may stand there
  const good = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl-_'
  const userOf = (token: string) => Promise.resolve(token === good ? ada : undefined)

  function started() {
    // #region A bearer token in a subprotocol
    const authenticate = ({ headers }: IncomingMessage) => {
      const offered = headers['sec-websocket-protocol'] ?? ''
      const token = /(?:^|[, ])bearer\.([^, ]+)/.exec(offered)?.[1]
      return token === undefined ? refuse(401, { message: 'There is no token' }) : userOf(token)
    }

    const server = serve(
      { port, protocols: ['app'], authenticate },
      ({ handshake: { principal } }) => of(`Hello, ${principal.name}`),
    )
    // #endregion
    expectTypeOf(server).toEqualTypeOf<Server<Message, Message, User>>()
    return addressOf(server)
  }

  test.each([
    ['behind', ['app', `bearer.${good}`]],
    ['in front', [`bearer.${good}`, 'app']],
  ])('is read where it stands %s, and what is spoken is the other one', async (_, protocols) => {
    const address = await started()
    expect(await meet(`ws://${address}`, { protocols })).toEqual({ ...hello, protocol: 'app' })
  })

  test.each([
    ['that nobody knows', ['app', `bearer.${good}x`]],
    ['of no bytes', ['app', 'bearer.']],
    ['of another name', ['app', `xbearer.${good}`]],
    ['that is missing', ['app']],
  ])('%s is a 401', async (_, protocols) => {
    expect(await meet(`ws://${await started()}`, { protocols })).toBe(401)
  })

  test.each([`app, bearer.${good}`, `bearer.${good}, app`, `bearer.${good}`])(
    'is not in the answer to an offer of %s',
    async offered => {
      const address = await started()
      const client = await RawClient.connect(Number(address.split(':')[1]))
      client.write(upgradeRequest({ headers: { 'Sec-WebSocket-Protocol': offered } }))
      const { status, headers } = await client.answer()
      expect(status).toBe(101)
      // who offers nothing but the token speaks no subprotocol
      expect(headers['sec-websocket-protocol']).toBe(offered.includes('app') ? 'app' : undefined)
      expect(JSON.stringify(headers)).not.toContain(good)
    },
  )
})

describe('a ticket for one connection in the query', () => {
  const userOf = ({ headers }: IncomingMessage) =>
    headers.authorization === 'Bearer sesame' ? ada : undefined

  afterEach(() => void vi.useRealTimers())

  async function started() {
    // #region A ticket for one connection in the query
    const tickets = new Map<string, User>()

    const ticketFor = (user: User) => {
      const ticket = randomBytes(32).toString('base64url')
      tickets.set(ticket, user)
      setTimeout(() => tickets.delete(ticket), 30_000).unref()
      return ticket
    }

    const authenticate = ({ url = '' }: IncomingMessage) => {
      const ticket = new URLSearchParams(url.split('?')[1]).get('ticket') ?? ''
      const user = tickets.get(ticket)
      tickets.delete(ticket)
      return user
    }

    const server = serve(
      {
        port,
        path: '/ws',
        authenticate,
        request(request, response) {
          const user = request.url === '/ticket' && request.method === 'POST' && userOf(request)
          if (user) response.setHeader('Cache-Control', 'no-store').end(ticketFor(user))
          else response.writeHead(401).end()
        },
      },
      ({ handshake: { principal } }) => of(`Hello, ${principal.name}`),
    )
    // #endregion
    expectTypeOf(server).toEqualTypeOf<Server<Message, Message, User>>()
    return { address: await addressOf(server), tickets }
  }

  const asking = (address: string, authorization = 'Bearer sesame') =>
    fetch(`http://${address}/ticket`, { method: 'POST', headers: { authorization } })

  /** An address with a ticket. */
  const admitted = async (address: string) =>
    `ws://${address}/ws?ticket=${await (await asking(address)).text()}`

  test('lets in once, and the second time it is a 401', async () => {
    const { address, tickets } = await started()
    const url = await admitted(address)
    expect(tickets.size).toBe(1)
    expect(await meet(url)).toEqual(hello)
    expect(await meet(url)).toBe(401)
    expect(tickets.size).toBe(0)
  })

  test('lets one of two in that come at the same time', async () => {
    const { address } = await started()
    const url = await admitted(address)
    const both = await Promise.all([meet(url), meet(url)])
    expect(both).toEqual(expect.arrayContaining([hello, 401]))
  })

  test('is good for half a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { address, tickets } = await started()
    const [early, late] = [await admitted(address), await admitted(address)]
    vi.advanceTimersByTime(29_999)
    expect(await meet(early)).toEqual(hello)
    vi.advanceTimersByTime(1)
    expect(tickets.size).toBe(0)
    expect(await meet(late)).toBe(401)
  })

  test('is given only to who is known', async () => {
    const { address, tickets } = await started()
    const answer = await asking(address, 'Bearer guess')
    expect([answer.status, await answer.text()]).toEqual([401, ''])
    expect(tickets.size).toBe(0)
  })

  test.each(['', '?ticket=', '?ticket=guess', '?other=1'])(
    'is missing in "%s": 401',
    async query => {
      const { address } = await started()
      expect(await meet(`ws://${address}/ws${query}`)).toBe(401)
    },
  )

  test('is a new one for each attempt of a client that asks for it there', async () => {
    const { address } = await started()
    const connecting = connect(() => admitted(address))
    for (const again of [false, true]) {
      const { got, connection } = await opened(connecting)
      expect(await got.next(), `again: ${again}`).toBe('Hello, Ada')
      connection.close()
    }
  })
})
