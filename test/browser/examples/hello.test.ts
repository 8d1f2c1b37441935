import { describe, expect, test } from 'vitest'
import { hello } from '../../../examples/hello/server.js'
import { leftOut } from '../chromium.js'
import { browsing, judge, running, visiting } from './visitor.js'

describe.skipIf(leftOut)('the picture of the hello example', { timeout: 60_000 }, () => {
  browsing()

  test('shows four hellos, five seconds apart', async () => {
    const { address } = await running(hello)
    let say: (text: string) => void = () => undefined
    const { page, part, says } = await visiting(address, async page => {
      await page.addInitScript(`
        let now = 0
        performance.now = () => now
        Date.prototype.toLocaleTimeString = () => '12:00:' + String(1 + now / 1000).padStart(2, '0')
        addEventListener('pass', () => (now += 5_000))
      `)
      // twenty seconds without waiting for them; the true ones are in hello.test.ts beside
      await page.routeWebSocket('**/ws', socket => {
        say = text => socket.send(text)
      })
    })
    await says('state', /^open$/)
    for (let nth = 1; nth <= 4; nth++) {
      await page.evaluate(`dispatchEvent(new Event('pass'))`)
      say('hello')
      await says('count', `${nth}`)
    }
    expect(await part('messages').locator('li').allTextContents()).toEqual(
      [20, 15, 10, 5].map(at => `hello12:00:${String(at + 1).padStart(2, '0')} · ${at}.0 s`),
    )
    // the port was a free one
    await page.evaluate(
      `document.querySelector('[data-testid=address]').textContent = 'ws://localhost:8081/ws'`,
    )
    await judge(page, 'hello')
  })

  test('says how it ended, and opens again by its button, with the keyboard alone', async () => {
    const { address, stop, restart } = await running(hello)
    const { page, says, excuse } = await visiting(address)
    await says('state', /^open$/)
    excuse()
    await stop()
    await says('code', '1001')
    await judge(page)
    await restart()
    for (let at = 0; at < 4; at++) await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.dataset.testid')).toBe('toggle')
    await page.keyboard.press('Enter')
    await says('state', /^open$/)
  })
})
