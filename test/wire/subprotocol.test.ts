import { firstValueFrom, Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { connect } from 'rivulet'
import type { Protocols } from 'rivulet/server'
import { checkLeaks } from './leak-check.js'
import { RawClient, upgradeRequest } from './raw-client.js'
import { nextOf, serving } from './serving.js'

checkLeaks()

async function offering(protocols: Protocols | undefined, offered: string | undefined) {
  const { port, server } = await serving({ protocols })
  let protocol: string | undefined
  server.connections.subscribe(({ handshake }) => (protocol = handshake.protocol))
  const client = await RawClient.connect(port)
  client.write(upgradeRequest({ headers: { 'Sec-WebSocket-Protocol': offered } }))
  const { status, headers } = await client.answer()
  return { status, header: headers['sec-websocket-protocol'], protocol }
}

describe('the subprotocol', () => {
  test.each<[Protocols | undefined, string | undefined, string | undefined]>([
    [['chat', 'superchat'], 'superchat, chat', 'chat'],
    [['chat'], 'other,chat', 'chat'],
    [['chat'], 'chat', 'chat'],
    [['chat'], 'Chat', undefined],
    [['chat'], 'other', undefined],
    [['chat'], undefined, undefined],
    [[], 'chat', undefined],
    [undefined, 'chat', undefined],
    [offered => offered.at(-1), 'a, b, c', 'c'],
    [() => undefined, 'a', undefined],
    [(_, { url }) => (url === '/' ? 'a' : undefined), 'b, a', 'a'],
  ])('of %s for an offer of %s is %s', async (protocols, offered, chosen) => {
    expect(await offering(protocols, offered)).toEqual({
      status: 101,
      header: chosen,
      protocol: chosen ?? '',
    })
  })

  test.each(['a, a', 'a b', ',', 'a,,b', '"a"', ''])(
    'is a 400 for an offer of %j',
    async offered => {
      expect(await offering(['a'], offered)).toMatchObject({ status: 400, protocol: undefined })
    },
  )

  test.each<[string, Protocols]>([
    [
      'throws',
      () => {
        throw new Error('no idea')
      },
    ],
    ['chooses one that was not offered', () => 'b'],
    ['chooses by a promise', (() => Promise.resolve('a')) as never],
  ])('is a 500 where the function %s', async (_, protocols) => {
    expect(await offering(protocols, 'a')).toMatchObject({ status: 500, protocol: undefined })
  })

  test('is what both sides of a connection know', async () => {
    const { url, server } = await serving({ protocols: ['chat'] })
    const taken = nextOf(server)
    const known = new Subject<string>()
    const here = firstValueFrom(known)
    const subscription = connect(url, { protocols: ['old', 'chat'] }, ({ handshake }) => {
      known.next(handshake.protocol)
    }).subscribe()
    expect((await taken).handshake.protocol).toBe('chat')
    expect(await here).toBe('chat')
    subscription.unsubscribe()
  })

  test.each<[unknown, RegExp]>([
    ['chat', /^serve: protocols: "chat" is not a list of subprotocols, or a function$/],
    [['a b'], /^serve: protocols: "a b" is not a token of HTTP$/],
    [[5], /^serve: protocols: 5 is not a token/],
  ])('%j is refused', async (protocols, message) => {
    await expect(serving({ protocols: protocols as Protocols })).rejects.toThrow(message)
  })
})
