import type { Browser, Page } from 'playwright-core'
import { firstValueFrom, lastValueFrom } from 'rxjs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hello } from '../../examples/hello/server.js'
import { launch, leftOut, startTimeout } from './chromium.js'

// said once, for all of them
if (leftOut) console.warn('browser tests left out: no Chromium found; apt-get install chromium')

let browser: Browser | undefined

async function started() {
  const server = hello(0)
  const stop = async () => {
    await lastValueFrom(server.close())
  }
  onTestFinished(stop)
  const { port } = await firstValueFrom(server.listening)
  return { server, stop, port }
}

/** Opens the page, and keeps what its console says. */
async function opened(address: string) {
  const page = await browser!.newPage()
  onTestFinished(() => page.close())
  const said: string[] = []
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'log') said.push(message.text())
    else complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', error => complaints.push(error.message))
  const part = (name: string) => page.getByTestId(name)
  await page.goto(address)
  return { page, said, complaints, part, reaches: reaching(page) }
}

/** Waits until a part of the page reads so. */
function reaching(page: Page) {
  return (name: string, text: string) =>
    page
      .getByTestId(name)
      .filter({ hasText: new RegExp(`^${text}$`) })
      .waitFor({ state: 'attached' })
}

describe.skipIf(leftOut)('the page of the hello example', () => {
  beforeAll(async () => {
    browser = await launch()
  }, startTimeout)

  afterAll(() => browser?.close())

  test('shows and logs hello, and 1001 when the server stops', async () => {
    const { port, stop } = await started()
    const { page, part, said, complaints, reaches } = await opened(`http://127.0.0.1:${port}/`)
    await reaches('state', 'open')
    expect(await part('address').textContent()).toBe(`ws://127.0.0.1:${port}/ws`)
    expect(await part('count').textContent()).toBe('0')
    const message = await page.waitForEvent('console')
    expect(message.text()).toBe('hello')
    await reaches('count', '1')
    expect(await part('messages').locator('li').count()).toBe(1)
    expect(await part('messages').locator('li').getAttribute('data-text')).toBe('hello')
    const stopped = stop()
    await reaches('state', 'closed')
    expect(await part('code').textContent()).toBe('1001')
    expect(await part('reason').textContent()).toBe('server going away')
    expect(await part('clean').textContent()).toBe('yes')
    await stopped
    expect(said).toEqual(['hello'])
    expect(complaints).toEqual([])
  })

  test('closes and opens again by its button', async () => {
    const { port, server } = await started()
    const codes: number[] = []
    server.connections.subscribe(({ closed }) => closed.subscribe(({ code }) => codes.push(code)))
    const { part, complaints, reaches } = await opened(`http://127.0.0.1:${port}/`)
    await reaches('state', 'open')
    expect(await part('toggle').textContent()).toBe('Close')
    await part('toggle').click()
    await reaches('state', 'closed')
    expect(await part('code').textContent()).toBe('1000')
    expect(codes).toEqual([1000])
    expect(await part('toggle').textContent()).toBe('Open again')
    await part('toggle').click()
    await reaches('state', 'open')
    expect(complaints).toEqual([])
  })

  test('opened from a file it connects to the address that it is given', async () => {
    const { port, server } = await started()
    const connection = firstValueFrom(server.connections)
    const file = new URL('../../examples/hello/index.html', import.meta.url)
    file.searchParams.set('url', `ws://127.0.0.1:${port}/ws`)
    const { page, part, said, complaints, reaches } = await opened(file.href)
    await reaches('state', 'open')
    const { handshake, closed } = await connection
    expect(handshake.origin).toMatch(/^(null|file:\/\/)$/)
    const left = firstValueFrom(closed)
    await reaches('count', '1')
    expect(said).toEqual(['hello'])
    // a link that would lead nowhere
    expect(await part('observatory').isVisible()).toBe(false)
    expect(complaints).toEqual([])
    // leaving the page closes with 1001, as browsers do
    await page.goto('about:blank')
    expect(await left).toMatchObject({ code: 1001, by: 'peer' })
  })

  test('says 1006 when there is no server', async () => {
    const { port, stop } = await started()
    const { part, reaches } = await opened(`http://127.0.0.1:${port}/`)
    await reaches('state', 'open')
    await stop()
    await reaches('state', 'closed')
    await part('toggle').click()
    await reaches('code', '1006')
    expect(await part('clean').textContent()).toBe('no')
  })
})
