import { EMPTY, Observable, of, throwError } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Address, connect, HandshakeError, reconnect } from 'rivulet'
import { dialed, opened } from './dialed.js'
import { checkLeaks } from './leak-check.js'
import { RawClient } from './raw-client.js'
import { wsServing } from './ws-server.js'

checkLeaks()

const failed = new Error('no token')

describe('a function for a URL', () => {
  test.each<[string, (url: string) => Address]>([
    ['a string', url => () => url],
    ['a URL', url => () => new URL(url)],
    ['a promise', url => () => Promise.resolve(url)],
    ['a promise of a URL', url => () => Promise.resolve(new URL(url))],
    ['an Observable, of which the first counts', url => () => of(url, 'ws://127.0.0.1:1/')],
    ['an Observable that never completes', url => () => forever(url)],
    ['an http: URL', url => () => url.replace('ws:', 'http:')],
  ])('may give %s', async (_, address) => {
    const server = await wsServing()
    const { connection } = await opened(connect(address(`${server.url}/here?token=1`)))
    const { request } = await server.peers.next()
    expect(request.url).toBe('/here?token=1')
    expect(connection.handshake.url).toBe(`${server.url}/here?token=1`)
  })

  test('is not called before somebody subscribes, then anew for each connection', async () => {
    const server = await wsServing()
    let calls = 0
    const connections = connect(() => Promise.resolve(`${server.url}/?token=${++calls}`))
    expect(calls).toBe(0)
    await opened(connections)
    await opened(connections)
    const [first, second] = await server.peers.take(2)
    expect([first!.request.url, second!.request.url]).toEqual(['/?token=1', '/?token=2'])
  })

  test('is called anew for each attempt of reconnect, also when it has failed', async () => {
    const server = await wsServing()
    let calls = 0
    const connections = connect(() =>
      ++calls < 3 ? Promise.reject(failed) : `${server.url}/?call=${calls}`,
    )
    const subscription = connections.pipe(reconnect({ from: 1, to: 2 })).subscribe()
    const first = await server.peers.next()
    expect(first.request.url).toBe('/?call=3')
    first.ws.terminate()
    const second = await server.peers.next()
    expect(second.request.url).toBe('/?call=4')
    subscription.unsubscribe()
    await second.closed
  })

  test('lets what is sent meanwhile wait', async () => {
    const server = await wsServing()
    let give!: (url: string) => void
    const { connection } = dialed(connect(() => new Promise<string>(resolve => (give = resolve))))
    connection.send('one')
    connection.send('two')
    give(server.url)
    expect(await (await server.peers.next()).got.take(2)).toEqual(['one', 'two'])
  })

  test.each<[string, Address, unknown]>([
    ['throws', thrower, failed],
    ['gives a promise that rejects', () => Promise.reject(failed), failed],
    ['gives an Observable that errors', () => throwError(() => failed), failed],
    ['gives an empty Observable', () => EMPTY, typeError(/gave none/)],
    ['gives no URL', () => 'nope', typeError(/"nope" is not a URL/)],
    ['gives a URL of ftp:', () => 'ftp://127.0.0.1/', typeError(/ftp:/)],
    ['gives nothing', (() => undefined) as never, typeError(/url: undefined is not a URL/)],
  ])('that %s is a HandshakeError with that cause', async (_, address, cause) => {
    const { outcome, closed, connection } = dialed(connect(address))
    expect(connection.state).toBe('connecting')
    const error = await outcome
    expect(error).toBeInstanceOf(HandshakeError)
    expect(error).toMatchObject({ status: undefined, headers: {}, cause })
    expect(await closed).toEqual({
      code: 1006,
      reason: '',
      wasClean: false,
      by: 'network',
      cause: error,
    })
  })

  test('that is still asked when it is unsubscribed from dials nothing', async () => {
    const server = await wsServing()
    let give!: (url: string) => void
    const url = new Promise<string>(resolve => (give = resolve))
    const { subscription, connection, closed } = dialed(connect(() => url))
    connection.send('never')
    subscription.unsubscribe()
    expect(await closed).toEqual({ code: 1006, reason: '', wasClean: false, by: 'local' })
    give(server.url)
    await url
    await RawClient.upgraded(server.port)
    expect(server.seen).toBe(1)
  })

  test('that gives an Observable lets go of it when it is unsubscribed from', async () => {
    let asked = 0
    const late = new Observable<string>(() => {
      asked++
      return () => asked--
    })
    const { subscription, closed } = dialed(connect(() => late))
    expect(asked).toBe(1)
    subscription.unsubscribe()
    expect(asked).toBe(0)
    expect(await closed).toMatchObject({ code: 1006, by: 'local' })
  })
})

test('a URL is one like a string', async () => {
  const server = await wsServing()
  await opened(connect(new URL('/path', server.url)))
  expect((await server.peers.next()).request.url).toBe('/path')
})

function thrower(): never {
  throw failed
}

function forever(url: string): Observable<string> {
  return new Observable(subscriber => subscriber.next(url))
}

function typeError(message: RegExp): unknown {
  return expect.objectContaining({
    name: 'TypeError',
    message: expect.stringMatching(message) as string,
  })
}
