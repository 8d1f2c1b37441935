import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { concat, firstValueFrom, NEVER, of, switchMap } from 'rxjs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type WebSocket as ServersWebSocket, WebSocketServer } from 'ws'
import type {
  Connection,
  Handler,
  HandshakeError,
  Message,
  Phase,
  ReconnectOptions,
  StandardWebSocketClass,
} from 'rivulet'
import type { ServeOptions } from 'rivulet/server'
import { event } from '../wire/event.js'
import { serving } from '../wire/serving.js'
import { type Bundle, bundle } from './bundle.js'
import { launch, leftOut, startTimeout } from './chromium.js'
import { Mortal } from './mortal.js'
import { elsewhere, site } from './site.js'
import { visit } from './visit.js'

// what client-page.ts has put there, and what Chromium has: for code that runs in the page
declare const rivulet: typeof import('rivulet')
declare const rxjs: typeof import('rxjs')
declare const WebSocket: StandardWebSocketClass
type Sent = Parameters<InstanceType<StandardWebSocketClass>['send']>

describe.skipIf(leftOut)('a page that uses rivulet', { timeout: 60_000 }, () => {
  let browser: Browser | undefined
  let bundled: Bundle

  beforeAll(async () => {
    bundled = await bundle(new URL('client-page.ts', import.meta.url))
    browser = await launch()
  }, startTimeout)

  afterAll(() => browser?.close())

  /** Serves the page at `/`, and WebSocket at `/ws`. */
  async function served(options: Partial<ServeOptions> = {}, handler?: Handler) {
    const request = site(bundled.script)
    const { server, port, url } = await serving({ path: '/ws', request, ...options }, handler)
    // how the first connection ends
    const ends = server.connections.pipe(switchMap(({ closed }) => closed))
    const closed = firstValueFrom(ends, { defaultValue: undefined })
    return { server, url, address: `http://127.0.0.1:${port}/`, closed }
  }

  test('is a bundle without ws and without anything of Node', () => {
    const { sources, imports } = bundled
    expect(sources).toContain('src/client/browser-socket.ts')
    const server = /node_modules\/ws\/|src\/server\/|node-socket|ws-socket/
    expect(sources.filter(source => server.test(source))).toEqual([])
    expect(imports).toEqual([])
  })

  test('sends and gets text and binary, of no bytes and of many', async () => {
    const got: Message[] = []
    const { address, closed } = await served({}, ({ read, messages }) => {
      read(message => got.push(message))
      return messages
    })
    const page = await visit(browser!, address)
    const back = await page.evaluate(() => {
      const bytes = Uint8Array.from({ length: 100 * 1024 }, (_, at) => (at * 31) % 251)
      const all = ['text', '', 'Grüße 🦗', new Uint8Array(), Uint8Array.of(0, 255), bytes]
      // relative to the page
      const connected = rivulet.connect('/ws', {}, () => rxjs.concat(rxjs.from(all), rxjs.NEVER))
      const echoes = connected.pipe(
        rxjs.switchMap(({ messages }) => messages),
        rxjs.take(all.length),
        rxjs.toArray(),
      )
      return rxjs.firstValueFrom(echoes)
    })
    const bytes = Uint8Array.from({ length: 100 * 1024 }, (_, at) => (at * 31) % 251)
    const all = ['text', '', 'Grüße 🦗', new Uint8Array(), Uint8Array.of(0, 255), bytes]
    expect(back).toEqual(all)
    expect(got.map(each => (typeof each === 'string' ? each : new Uint8Array(each)))).toEqual(all)
    // who has enough unsubscribes
    expect(await closed).toMatchObject({ code: 1000, by: 'peer', wasClean: true })
  })

  test('that the server refuses gets a HandshakeError, and is not told the status', async () => {
    const { url } = await served()
    // the default lets only the server's own pages in: 403
    const page = await visit(browser!, await elsewhere(bundled.script))
    const error = await page.evaluate(
      url =>
        rxjs.lastValueFrom(rivulet.connect(url)).then(
          () => undefined,
          (error: unknown) => {
            const { name, code, status, headers } = error as HandshakeError
            return { name, code, status, headers }
          },
        ),
      url,
    )
    expect(error).toEqual({
      name: 'HandshakeError',
      code: 'ERR_HANDSHAKE',
      status: undefined,
      headers: {},
    })
  })

  test('whose handler throws says 4911, as a page may not say 1011', async () => {
    const { address, closed } = await served()
    const page = await visit(browser!, address)
    const close = await page.evaluate(() => {
      const connected = rivulet.connect('/ws', {}, () => {
        throw new Error('oops')
      })
      // its own end is an error of the stream, too
      const ends = connected.pipe(rxjs.switchMap(({ closed }) => closed))
      return rxjs.firstValueFrom(ends)
    })
    expect(close).toMatchObject({
      code: 4911,
      reason: 'internal error',
      by: 'local',
      sent: 4911,
      received: 4911,
      wasClean: true,
      cause: { name: 'ApplicationError', message: 'The handler failed: oops' },
    })
    expect(await closed).toMatchObject({ code: 4911, reason: 'internal error', by: 'peer' })
  })

  test.each(['is navigated away', 'is closed'])('that %s closes with 1001', async how => {
    const { address, closed } = await served()
    const page = await visit(browser!, address)
    await page.evaluate(() => {
      const opened = rxjs.filter(state => state === 'open')
      return new Promise(resolve => {
        rivulet.connect('/ws').subscribe(({ states }) => states.pipe(opened).subscribe(resolve))
      })
    })
    if (how === 'is closed') await page.close()
    else await page.goto('about:blank')
    expect(await closed).toMatchObject({ code: 1001, by: 'peer', wasClean: true })
  })

  test('that gets a message over its limit says 4909, and has a ProtocolError', async () => {
    const { address, closed } = await served({}, () => concat(of('x'.repeat(1_001)), NEVER))
    const page = await visit(browser!, address)
    const close = await page.evaluate(() => {
      const connected = rivulet.connect('/ws', { limits: { payload: 1_000 } })
      return rxjs.firstValueFrom(connected.pipe(rxjs.switchMap(({ closed }) => closed)))
    })
    expect(close).toMatchObject({
      code: 1006,
      by: 'local',
      sent: 4909,
      wasClean: false,
      cause: { name: 'ProtocolError' },
    })
    expect(await closed).toMatchObject({ code: 4909, by: 'peer' })
  })

  test('uploads as fast as its connection takes it, and no faster', async () => {
    const got: number[] = []
    const numberOf = ({ buffer, byteOffset }: Uint8Array) =>
      new DataView(buffer, byteOffset).getUint16(0)
    const { address, closed } = await served({}, ({ read }) => {
      read(message => got.push(numberOf(message as Uint8Array)))
    })
    const page = await visit(browser!, address)
    const { most, close } = await page.evaluate(async () => {
      let most = 0
      // as what connect takes by itself, and counts what waits in it
      class Watched extends WebSocket {
        override send(...message: Sent): void {
          super.send(...message)
          most = Math.max(most, this.bufferedAmount)
        }
      }
      const dial = rivulet.dialWith(Watched)
      async function* upload() {
        for (let at = 0; at < 500; at++) {
          const message = new Uint8Array(16 * 1024)
          new DataView(message.buffer).setUint16(0, at)
          yield await Promise.resolve(message)
        }
      }
      const connected = rivulet.connect('/ws', { dial }, upload)
      const ends = connected.pipe(rxjs.switchMap(({ closed }) => closed))
      return { close: await rxjs.firstValueFrom(ends), most }
    })
    expect(got).toEqual(Array.from({ length: 500 }, (_, at) => at))
    expect(close).toMatchObject({ code: 1000, by: 'local', wasClean: true })
    expect(await closed).toMatchObject({ code: 1000, by: 'peer', wasClean: true })
    // it stops at 64 KiB, and what it had begun was a message less
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual((64 + 16) * 1024)
  })

  test('stays connected when both sides say beat, and nothing else', async () => {
    const heartbeat = { interval: 200, timeout: 400, message: 'beat' }
    const got: Message[] = []
    const { server, address } = await served({ heartbeat }, ({ read }) => {
      read(message => got.push(message))
    })
    const opened = firstValueFrom(server.connections)
    const page = await visit(browser!, address)
    const { beats, messages, state } = await page.evaluate(async heartbeat => {
      const beats = { said: 0, heard: 0 }
      const enough = new rxjs.Subject<void>()
      const count = (which: 'said' | 'heard', message: unknown) => {
        if (message === 'beat') beats[which]++
        // more than 1.5 s, and three times the timeout
        if (Math.min(beats.said, beats.heard) === 8) enough.next()
      }
      class Counting extends WebSocket {
        constructor(url: string) {
          super(url)
          this.addEventListener('message', ({ data }: { data: unknown }) => count('heard', data))
        }
        override send(...message: Sent): void {
          count('said', message[0])
          super.send(...message)
        }
      }
      const dial = rivulet.dialWith(Counting)
      const connected = new rxjs.ReplaySubject<Connection>(1)
      rivulet.connect('/ws', { heartbeat, dial }).subscribe(connected)
      const connection = await rxjs.firstValueFrom(connected)
      const messages: Message[] = []
      connection.read(message => messages.push(message))
      await rxjs.firstValueFrom(rxjs.merge(enough, connection.closed))
      return { beats, messages, state: connection.state }
    }, heartbeat)
    expect(beats.said).toBeGreaterThanOrEqual(8)
    expect(beats.heard).toBeGreaterThanOrEqual(8)
    expect({ state, server: (await opened).state }).toEqual({ state: 'open', server: 'open' })
    expect({ messages, got }).toEqual({ messages: [], got: [] })
  })

  test('notices that the server says nothing any more', async () => {
    const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => silent.close())
    await event(silent, 'listening')
    const served = event<[ServersWebSocket]>(silent, 'connection')
    const page = await visit(browser!, await elsewhere(bundled.script))
    const ended = page.evaluate(
      url => {
        const connected = rivulet.connect(url, { heartbeat: { interval: 200, timeout: 500 } })
        return rxjs.firstValueFrom(connected.pipe(rxjs.switchMap(({ closed }) => closed)))
      },
      `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    )
    const [socket] = await served
    const closed = event<[number]>(socket, 'close')
    const close = await ended
    expect(close).toMatchObject({ code: 1006, by: 'network', wasClean: false })
    expect(close.cause).toMatchObject({ name: 'HeartbeatError' })
    // a page can't drop a connection
    expect((await closed)[0]).toBe(4906)
  })

  describe('with a session', () => {
    /** A session in a page of an origin of its own, and what it has been through. */
    async function inSession(url: string, reconnect: ReconnectOptions = {}) {
      const page = await visit(browser!, await elsewhere(bundled.script))
      const session = await page.evaluateHandle(
        ({ url, reconnect }) => {
          const session = rivulet.session(url, { reconnect })
          const phases: string[] = []
          const messages: Message[] = []
          session.phases.subscribe(({ name }) => phases.push(name))
          session.read(message => messages.push(message))
          return { session, phases, messages }
        },
        { url, reconnect },
      )
      return {
        page,
        phases: () => session.evaluate(({ phases }) => phases.join(' ')),
        reaches: (phase: Phase['name']) =>
          session.evaluate(
            ({ session }, phase) =>
              rxjs.firstValueFrom(session.phases.pipe(rxjs.filter(({ name }) => name === phase))),
            phase,
          ),
        /** Sends a message, and waits until it is back: all that have come back. */
        echoes: (message: string) =>
          session.evaluate(async ({ session, messages }, message) => {
            const back = rxjs.firstValueFrom(session.messages)
            session.send(message)
            await back
            return messages
          }, message),
      }
    }

    test('goes on when the server is killed and another one takes its place', async () => {
      const server = await Mortal.start()
      const { phases, reaches, echoes } = await inSession(server.url)
      await reaches('open')
      expect(await echoes('before')).toEqual(['before'])
      await server.kill()
      await reaches('waiting')
      const successor = await Mortal.start(server.port)
      await successor.opened(1)
      await reaches('open')
      expect(await echoes('after')).toEqual(['before', 'after'])
      expect(await phases()).toMatch(/^connecting open (waiting connecting )+open$/)
    })

    test('waits while there is no network, and goes on at once when there is', async () => {
      const server = await Mortal.start()
      // by chance of the clock alone it would not be back in time
      const reconnect = { from: 3_600_000, to: 3_600_000 }
      const { page, phases, reaches, echoes } = await inSession(server.url, reconnect)
      await reaches('open')
      await page.context().setOffline(true)
      await server.kill()
      await reaches('offline')
      const successor = await Mortal.start(server.port)
      await page.context().setOffline(false)
      await successor.opened(1)
      await reaches('open')
      expect(await echoes('after')).toEqual(['after'])
      expect(await phases()).toBe('connecting open offline waiting connecting open')
    })
  })
})
