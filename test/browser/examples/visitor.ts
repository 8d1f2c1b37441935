/** Visitor: opens the page of an example as somebody would, and holds it to what every page owes. */

import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { firstValueFrom, isObservable, lastValueFrom, type Observable } from 'rxjs'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { launch, leftOut, startTimeout } from '../chromium.js'

interface Running {
  readonly listening: Observable<{ readonly port: number }>
  drain(options: { code: number; reason: string; deadline?: number }): unknown
}

let browser: Browser | undefined

/** Starts the browser for the tests of a file. */
export function browsing(): void {
  beforeAll(async () => {
    if (!leftOut) browser = await launch()
  }, startTimeout)
  afterAll(() => browser?.close())
}

/** Runs an example, and again on the same port; the test's end stops it. */
export async function running(start: (port: number) => Running) {
  let server = start(0)
  const { port } = await firstValueFrom(server.listening)
  const stop = async () => {
    const gone = server.drain({ code: 1001, reason: 'server going away' })
    if (isObservable(gone)) await lastValueFrom(gone, { defaultValue: undefined })
  }
  onTestFinished(stop)
  return {
    port,
    address: `http://127.0.0.1:${port}/`,
    stop,
    restart: async () => {
      server = start(port)
      await firstValueFrom(server.listening)
    },
  }
}

/** Opens a page; at the test's end it has complained of nothing, and asked no other host. */
export async function visiting(address: string, prepare?: (page: Page) => Promise<unknown>) {
  const context = await browser!.newContext({
    viewport: { width: 840, height: 540 },
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  const hosts = new Set<string>()
  let excused = false
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type()) && !excused) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => hosts.add(new URL(request.url()).host))
  page.on('websocket', socket => hosts.add(new URL(socket.url()).host))
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
    expect([...hosts]).toEqual([new URL(address).host])
  })
  await prepare?.(page)
  await page.goto(address)
  const part = (name: string) => page.getByTestId(name)
  return {
    page,
    part,
    /** Waits until a part of the page has this text somewhere. */
    says: (name: string, text: string | RegExp) =>
      part(name).filter({ hasText: text }).waitFor({ state: 'attached' }),
    /** From now on the browser may complain that there is no server. */
    excuse: () => (excused = true),
  }
}

/**
 * Holds the page, as it stands, to accessibility in light and dark, on a phone and on a desk; and
 * takes its pictures for the docs, if they have a name and RIVULET_SCREENSHOTS asks for them.
 */
export async function judge(page: Page, name?: string): Promise<void> {
  expect(await page.title()).toMatch(/Rivulet/)
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
  const observatory = page.getByRole('link', { name: 'observatory' })
  expect(await observatory.getAttribute('href')).toBe('/observatory')
  await page.evaluate(axe.source)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const violations = await page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
        id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
    )
    expect(violations).toEqual([])
    if (name && process.env['RIVULET_SCREENSHOTS']) {
      const file = new URL(`../../../docs/examples/${name}-${colorScheme}.png`, import.meta.url)
      await page.screenshot({ path: fileURLToPath(file), animations: 'disabled', caret: 'hide' })
    }
  }
  await page.setViewportSize({ width: 360, height: 640 })
  // nothing sticks out to the side
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  await page.setViewportSize({ width: 840, height: 540 })
}
