import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page, WebSocketRoute } from 'playwright-core'
import { firstValueFrom, interval, lastValueFrom, map } from 'rxjs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { serve } from 'rivulet/server'
import { WebSocket } from 'ws'
import type { News } from '../../examples/observatory/feed.js'
import { answersObservatory, observe } from '../../examples/observatory/server.js'
import { launch, leftOut, startTimeout } from './chromium.js'
import { endingsOf, messagesOf, secondOf, snapshotOf } from './observatory-news.js'

const axe = readFileSync(
  fileURLToPath(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url)),
  'utf8',
)
declare const window: {
  axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
}
declare const document: {
  readonly activeElement: { readonly textContent: string | null } | null
  readonly documentElement: { readonly scrollWidth: number; readonly clientWidth: number }
}

let browser: Browser | undefined

async function started() {
  const server = serve(
    {
      port: 0,
      host: '127.0.0.1',
      path: '/ws',
      request: (asked, response) => {
        if (!answersObservatory(asked, response)) response.writeHead(404).end()
      },
    },
    () => interval(200).pipe(map(n => `message ${n}`)),
  )
  observe(server)
  onTestFinished(async () => {
    await lastValueFrom(server.close())
  })
  const { port } = await firstValueFrom(server.listening)
  return { server, port, origin: `http://127.0.0.1:${port}` }
}

interface Look {
  readonly scheme?: 'light' | 'dark'
  readonly motion?: 'reduce' | 'no-preference'
  readonly width?: number
}

/** A page with a note of what it complains of, and of whom it asks. */
async function newPage({ scheme = 'light', motion = 'no-preference', width = 1360 }: Look = {}) {
  const page = await browser!.newPage({
    viewport: { width, height: 1040 },
    colorScheme: scheme,
    reducedMotion: motion,
    // what tests put into a page is not the page's own
    bypassCSP: true,
  })
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() !== 'log') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', asked => {
    if (new URL(asked.url()).hostname !== '127.0.0.1') complaints.push(asked.url())
  })
  onTestFinished(async () => {
    await page.close()
    expect(complaints).toEqual([])
  })
  return page
}

const noon = Date.UTC(2026, 0, 1, 12)

/** The page, told what is made up, at a time that stands still. */
async function told(open: number, look: Look = {}): Promise<Page> {
  const { origin } = await started()
  const page = await newPage(look)
  await page.clock.install({ time: noon })
  let feed: WebSocketRoute | undefined
  await page.routeWebSocket(/feed$/, route => (feed = route))
  await page.goto(`${origin}/observatory`)
  await page.clock.runFor(200)
  while (!feed) await page.clock.runFor(20)
  const say = (...all: News[]) => all.forEach(news => feed!.send(JSON.stringify(news)))
  say(snapshotOf(open, noon), ...endingsOf(noon - 20_000))
  for (let second = 0; second < 60; second++) {
    say(...secondOf(open, noon - 60_000 + second * 1_000, second))
  }
  const ids = Array.from({ length: Math.min(open, 30) }, (_, at) => `observed-${at.toString(36)}`)
  await page.getByTestId('totals').getByText('open').waitFor()
  const now = await page.evaluate(() => Date.now())
  say(messagesOf(ids, now))
  await page.clock.runFor(900)
  return page
}

async function flaws(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run())
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** A picture for the docs, where that is asked for; in any case one that is not empty. */
async function picture(page: Page, name: string): Promise<void> {
  const path = fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url))
  const wanted = process.env['RIVULET_SCREENSHOTS'] === '1'
  await page.getByTestId('address').evaluate((element: { textContent: string }) => {
    element.textContent = 'of the example at localhost:8081'
  })
  const image = await page.screenshot({ ...(wanted && { path }), animations: 'disabled' })
  expect(image.byteLength).toBeGreaterThan(30_000)
}

describe.skipIf(leftOut)('the observatory', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    browser = await launch()
  }, startTimeout)

  afterAll(() => browser?.close())

  test.each([
    [1, 'light'],
    [1, 'dark'],
    [1_000, 'light'],
    [1_000, 'dark'],
  ] as const)('with %d connections, %s, has no flaw that axe finds', async (open, scheme) => {
    const page = await told(open, { scheme })
    expect(await page.getByTestId('feed').textContent()).toBe('Live')
    expect(await page.getByTestId('states').textContent()).toContain(
      `${open.toLocaleString('en')}open`,
    )
    if (open > 1) await page.getByRole('button', { name: /^#0\W/ }).click()
    await page.clock.runFor(100)
    expect(await flaws(page)).toEqual([])
    await picture(page, `observatory-${open === 1 ? 'one' : 'thousand'}-${scheme}`)
  })

  test('is as wide as a phone, and no wider', async () => {
    const page = await told(20, { width: 390 })
    const [whole, seen] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ])
    expect(whole).toBe(seen)
    expect(await flaws(page)).toEqual([])
  })

  test('shows how a connection ended: code, reason, who, and the cause', async () => {
    const page = await told(3)
    await page.getByRole('button', { name: /^#gone2\W+closed/ }).click()
    const facts = await page.getByTestId('facts').textContent()
    expect(facts).toContain('Code1006')
    expect(facts).toContain('Ended bythe network')
    expect(facts).toContain('HeartbeatError: heartbeat.timeout')
    expect(await page.getByTestId('machine').locator('.lit').getAttribute('data-state')).toBe(
      'closed',
    )
  })

  test('has a few rows for 1,000 connections, and leads to each with the keyboard', async () => {
    const page = await told(1_000)
    const rows = page.getByTestId('list').locator('li')
    expect(await rows.count()).toBeLessThan(40)
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    await page.getByRole('button', { name: /^#0\W/ }).focus()
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toMatch(/^#1, open/)
    await page.keyboard.press('End')
    expect(await focused()).toMatch(/^#gone0, closed/)
    await page.keyboard.press('Home')
    await page.keyboard.press('PageDown')
    expect(await focused()).toMatch(/^#[a-z\d]+, open/)
    await page.keyboard.press('Home')
    expect(await focused()).toMatch(/^#0, open/)
    await page.keyboard.press('Enter')
    expect(await page.getByTestId('detail').getByRole('heading').textContent()).toBe(
      'Connection #0',
    )
    expect(await rows.count()).toBeLessThan(40)
    const set = await rows.first().getAttribute('aria-setsize')
    expect(set).toBe('1000')
  })

  test('sees a real connection open, talk and end', async () => {
    const { port, origin } = await started()
    const page = await newPage()
    await page.goto(`${origin}/observatory`)
    await page.getByTestId('feed').getByText('Live').waitFor()
    expect(await page.getByTestId('none').isVisible()).toBe(true)
    const client = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const row = page.getByTestId('list').getByRole('button')
    await row.waitFor()
    expect(await row.textContent()).toContain(', open, /ws 127.0.0.1')
    // the only one is chosen by itself
    const facts = page.getByTestId('facts')
    await facts.getByText(/^[1-9]\d* \(5\.0\/s\)/).waitFor()
    expect(await page.getByTestId('machine').locator('.lit').getAttribute('data-state')).toBe(
      'open',
    )
    client.close(4001, 'enough')
    await facts.getByText('4001').waitFor()
    expect(await facts.textContent()).toContain('Reasonenough')
    expect(await page.getByTestId('states').textContent()).toContain('1closed')
  })

  test('says that the server is away, and comes back with it', async () => {
    const page = await newPage()
    const { origin } = await started()
    const feeds: WebSocketRoute[] = []
    await page.routeWebSocket(/feed$/, route => void feeds.push(route))
    await page.goto(`${origin}/observatory`)
    await page.getByTestId('feed').getByText('Live').waitFor()
    await feeds[0]!.close({ code: 1001 })
    await page.getByTestId('feed').getByText('away').waitFor()
    await page.getByTestId('feed').getByText('Live').waitFor()
    expect(feeds).toHaveLength(2)
  })

  test('holds still when it is told to, and moves little for who wants no motion', async () => {
    const page = await told(1)
    const canvas = page.locator('.detail canvas')
    const shown = () => canvas.screenshot()
    const first = await shown()
    await page.clock.runFor(500)
    expect((await shown()).equals(first)).toBe(false)
    await page.getByTestId('pause').click()
    expect(await page.getByTestId('pause').getAttribute('aria-pressed')).toBe('true')
    await page.clock.runFor(100)
    const held = await shown()
    await page.clock.runFor(2_000)
    expect((await shown()).equals(held)).toBe(true)

    const calm = await told(1, { motion: 'reduce' })
    const quiet = () => calm.locator('.detail canvas').screenshot()
    const pictures = new Set<string>()
    for (let step = 0; step < 10; step++) {
      await calm.clock.runFor(100)
      pictures.add((await quiet()).toString('base64'))
    }
    expect(pictures.size).toBeLessThanOrEqual(3)
  })
})
