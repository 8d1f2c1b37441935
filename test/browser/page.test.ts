import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type WebSocket as ServersWebSocket, WebSocketServer } from 'ws'
import { event } from '../wire/event.js'
import { serving } from '../wire/serving.js'
import { bundle } from './bundle.js'
import { launch, leftOut, startTimeout } from './chromium.js'
import { elsewhere } from './site.js'
import { visit } from './visit.js'

declare const rivulet: typeof import('rivulet')
declare const rxjs: typeof import('rxjs')
declare const document: {
  createElement(name: string): { href: string }
  readonly head: { append(element: object): void }
}

describe.skipIf(leftOut)('in a page', { timeout: 60_000 }, () => {
  let browser: Browser | undefined
  let script = ''

  beforeAll(async () => {
    ;({ script } = await bundle(new URL('client-page.ts', import.meta.url)))
    browser = await launch()
  }, startTimeout)

  afterAll(() => browser?.close())

  test.each([1000, 1009, 1012, 1013])(
    'connect is told what the server closes with, also while it has more to send (%d)',
    async code => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      onTestFinished(() => server.close())
      await event(server, 'listening')
      const came = event<[ServersWebSocket]>(server, 'connection')
      const page = await visit(browser!, await elsewhere(script))
      const ended = page.evaluate(
        url => {
          const more = new Uint8Array(2 ** 25)
          const connected = rivulet.connect(url, {}, ({ send }) => void send(more))
          return rxjs.firstValueFrom(connected.pipe(rxjs.switchMap(({ closed }) => closed)))
        },
        `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      )
      const [socket] = await came
      socket.pause()
      // it is open, and has handed over what it has
      await page.evaluate(() => undefined)
      socket.close(code, 'bye')
      expect(await ended).toMatchObject({ code, reason: 'bye', by: 'peer', received: code })
    },
  )

  test('a relative address is relative to the base of the page', async () => {
    const { url } = await serving({ path: '/ws', checkOrigin: () => true })
    const page = await visit(browser!, await elsewhere(script))
    const dialed = await page.evaluate(
      async base => {
        const element = document.createElement('base')
        element.href = base
        document.head.append(element)
        const connected = rivulet.connect('ws').pipe(
          rxjs.switchMap(({ states, handshake }) =>
            states.pipe(
              rxjs.filter(state => state === 'open'),
              rxjs.map(() => handshake.url),
            ),
          ),
        )
        return rxjs.firstValueFrom(connected)
      },
      url.replace('ws:', 'http:').replace(/ws$/, ''),
    )
    expect(dialed).toBe(url)
  })
})
