import { Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { Price } from '../../../examples/ticker/prices.js'
import { batches, ticker } from '../../../examples/ticker/server.js'
import { leftOut } from '../chromium.js'
import { browsing, judge, running, visiting } from './visitor.js'

interface Second {
  readonly painted: number
  readonly replaced: number
}

describe('the batches of the ticker example', () => {
  test('lose nothing that changes while one of them waits to be sent', async () => {
    const prices = new Subject<Price>()
    async function* ready() {
      for (;;) yield await Promise.resolve('ready' as const)
    }
    const all = batches(ready(), prices)
    const first = all.next()
    prices.next({ symbol: 'ELM', price: 1 })
    prices.next({ symbol: 'ELM', price: 2 })
    expect((await first).value).toEqual({ prices: { ELM: 2 }, replaced: 1 })
    // the socket has no room: nobody pulls
    prices.next({ symbol: 'YEW', price: 3 })
    prices.next({ symbol: 'YEW', price: 4 })
    prices.next({ symbol: 'YEW', price: 5 })
    expect((await all.next()).value).toEqual({ prices: { YEW: 5 }, replaced: 2 })
    await all.return(undefined)
    expect(prices.observed).toBe(false)
  })
})

describe.skipIf(leftOut)('the page of the ticker example', { timeout: 60_000 }, () => {
  browsing()

  test('leaves out more for each price that the slow client paints, and the fast one does not wait for it', async () => {
    const { address } = await running(ticker)
    const { page, part, says } = await visiting(address)
    await says('state', /^open$/)
    await part('slow').locator('[data-count=total]').filter({ hasText: /,/ }).waitFor()
    expect(await part('slow').locator('tbody tr').count()).toBe(8)
    // both in the same second, in which the slow one painted, too
    const counted = await page.waitForFunction(`(() => {
      const [fast, slow] = ['fast', 'slow'].map(panel => Object.fromEntries(
        ['painted', 'replaced'].map(name => [
          name, Number(part(panel).querySelector('[data-count=' + name + ']').textContent)])))
      return slow.painted > 0 && { fast, slow }
    })()`)
    const { fast, slow } = (await counted.jsonValue()) as Record<'fast' | 'slow', Second>
    // eight symbols a second, or sixteen where two paintings fall into one
    expect(slow.painted).toBeLessThanOrEqual(16)
    expect(fast.painted).toBeGreaterThan(4 * slow.painted)
    expect(slow.replaced / slow.painted).toBeGreaterThan((4 * fast.replaced) / fast.painted)
    expect(slow.replaced).toBeGreaterThan(1_000)
    await part('pace').focus()
    await page.keyboard.press('ArrowDown')
    expect(await part('pace').inputValue()).toBe('5000')
    await judge(page)
  })

  test('shows the newest of each symbol', async () => {
    const { address } = await running(ticker)
    const sockets: ((prices: Record<string, number>, replaced: number) => void)[] = []
    const { page, part } = await visiting(address, async page => {
      // prices that are the same for every picture, and seconds that pass when they are told to
      await page.addInitScript(`setInterval = tick => addEventListener('second', tick)`)
      await page.routeWebSocket('**/ws', socket => {
        sockets.push((prices, replaced) => socket.send(JSON.stringify({ prices, replaced })))
        socket.onMessage(() => undefined)
      })
    })
    const symbols = ['ALDER', 'BIRCH', 'CEDAR', 'ELM', 'HAZEL', 'LARCH', 'ROWAN', 'YEW']
    const batch = (nth: number, step: number) =>
      Object.fromEntries(
        symbols.map((name, at) => [name, 20 + 17 * at + step * (((nth * at) % 3) - 0.9)]),
      )
    await part('state')
      .filter({ hasText: /^open$/ })
      .waitFor()
    for (let nth = 0; nth < 60; nth++) sockets[0]!(batch(nth, 0.05), 25)
    sockets[1]!(batch(1, 0.4), 0)
    sockets[1]!(batch(2, 0.4), 1_992)
    await part('slow').getByText('▼').first().waitFor()
    await part('fast').getByText('▼').first().waitFor()
    await page.evaluate(`dispatchEvent(new Event('second'))`)
    expect(await part('slow').locator('[data-count]').allTextContents()).toEqual([
      '16',
      '1992',
      '1,992',
    ])
    expect(await part('fast').locator('[data-count]').allTextContents()).toEqual([
      '480',
      '1500',
      '1,500',
    ])
    await judge(page, 'ticker')
  })

  test('says that the server has stopped, and both clients come back', async () => {
    const { address, stop, restart } = await running(ticker)
    const { page, part, says, excuse } = await visiting(address)
    await says('state', /^open$/)
    excuse()
    await stop()
    await says('state', 'the server')
    await restart()
    await says('state', /^open$/)
    for (const panel of ['fast', 'slow']) {
      const cell = part(panel).locator('tbody td').first()
      const before = await cell.textContent()
      await page.waitForFunction(
        `document.querySelector('[data-testid=${panel}] tbody td').textContent !== '${before}'`,
      )
    }
  })
})
