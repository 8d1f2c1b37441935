import type { Browser, BrowserContext, JSHandle } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Session } from 'rivulet'
import { bundle } from './bundle.js'
import { launch, leftOut, startTimeout } from './chromium.js'
import { Mortal } from './mortal.js'
import { elsewhere } from './site.js'

// what client-page.ts has put there: for code that runs in the page
declare const rivulet: typeof import('rivulet')
declare const rxjs: typeof import('rxjs')

/** The most that come in any so many ms. */
function mostAtOnce(times: readonly number[], ms: number): number {
  const within = (start: number) => times.filter(time => time >= start && time < start + ms)
  return Math.max(...times.map(start => within(start).length))
}

describe.skipIf(leftOut)('twenty tabs of one browser', () => {
  const count = 20
  let browser: Browser | undefined

  beforeAll(async () => {
    browser = await launch()
  }, startTimeout)

  afterAll(() => browser?.close())

  test(
    'come back to a server that was gone, and not all at once',
    { timeout: 60_000 },
    async () => {
      const { script } = await bundle(new URL('client-page.ts', import.meta.url))
      const address = await elsewhere(script)
      const server = await Mortal.start()
      const context = await browser!.newContext()
      onTestFinished(() => context.close())
      const tabs = await Promise.all(
        Array.from({ length: count }, () => openTab(context, address, server.url)),
      )
      await server.opened(count)

      await server.kill()
      // takes a second or so to start
      const successor = await Mortal.start(server.port)
      const times = await successor.opened(count)
      await Promise.all(tabs.map(isOpen))
      // Seen were 2 to 4 at once, and 1 s or more in all. Chromium alone, which opens one connection
      // after the other to an address, makes 0.2 s of it.
      expect(mostAtOnce(times, 50)).toBeLessThanOrEqual(count / 2)
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(400)
    },
  )
})

/** A tab with a session. */
async function openTab(
  context: BrowserContext,
  address: string,
  url: string,
): Promise<JSHandle<Session>> {
  const page = await context.newPage()
  await page.goto(address)
  return page.evaluateHandle(url => rivulet.session(url), url)
}

/** Waits until the tab knows that it is connected. */
function isOpen(tab: JSHandle<Session>): Promise<unknown> {
  return tab.evaluate(({ phases }) =>
    rxjs.firstValueFrom(phases.pipe(rxjs.filter(({ name }) => name === 'open'))),
  )
}
