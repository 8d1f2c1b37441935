import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Socket } from '../../src/socket.js'
import { type Pair, type Subject, wsPair } from '../contract/subjects.js'
import { contract } from '../contract/suite.js'
import { launch, leftOut, startTimeout } from './chromium.js'
import { PageSocket } from './page-socket.js'
import { RemotePage } from './remote-page.js'

// Playwright is told of every message, in full: 64 MiB of them are seconds
describe.skipIf(leftOut)('in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser | undefined
  let page: RemotePage | undefined

  beforeAll(async () => {
    browser = await launch()
    page = await RemotePage.open(browser)
  }, startTimeout)

  afterAll(async () => {
    await page?.close()
    await browser?.close()
  })

  const pair = wsPair('client', (url, payload) => new PageSocket(page!, url, payload))

  contract([
    {
      name: "a page's WebSocket",
      pair: async () => inOrder(page!, await pair()),
      lacks: ['pause', 'ping', 'violations', 'close codes', 'close timeout', 'reset', 'silent end'],
    } satisfies Subject,
  ])

  test('what a browser can not do is no method of its socket, nor of the one that stands for it', async () => {
    const near: Socket = new PageSocket(page!, 'ws://127.0.0.1:1', 1)
    const ways = ['pause', 'resume', 'ping', 'sendFragment', 'sendFrame', 'send'] as const
    const there = ways.filter(way => way in near && Reflect.get(near, way) !== undefined)
    expect(there).toEqual(['send'])
    expect(await page!.methods(ways)).toEqual(there)
  })
})

/** Calls to the page take a while: what is done at the far end keeps its place behind them. */
function inOrder(page: RemotePage, pair: Pair): Pair {
  return {
    near: pair.near,
    get far() {
      return following(page, pair.far)
    },
    open: () => new Promise(resolve => page.after(() => resolve(pair.open()))),
    cut: () => page.after(() => pair.cut()),
    badClose: (code, reason) => page.after(() => pair.badClose(code, reason)),
    overfill: () => page.after(() => pair.overfill()),
    end: () => pair.end(),
  }
}

const later: readonly (string | symbol)[] = [
  'send',
  'sendFragment',
  'close',
  'terminate',
  'pause',
  'resume',
  'ping',
]

function following(page: RemotePage, far: Socket): Socket {
  return new Proxy(far, {
    get(_, name) {
      const value: unknown = Reflect.get(far, name, far)
      if (typeof value !== 'function') return value
      const call = value.bind(far) as (...args: unknown[]) => unknown
      return later.includes(name) ? (...args: unknown[]) => page.after(() => call(...args)) : call
    },
  })
}
