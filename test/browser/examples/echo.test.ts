import { describe, expect, test } from 'vitest'
import { echo } from '../../../examples/echo/server.js'
import { leftOut } from '../chromium.js'
import { browsing, judge, running, visiting } from './visitor.js'

describe.skipIf(leftOut)('the page of the echo example', { timeout: 60_000 }, () => {
  browsing()

  test('shows what comes back, by the keyboard alone, and owes nothing to anybody', async () => {
    const { address } = await running(echo)
    // a clock that goes on by 0.4 ms whenever it is looked at, so that pictures are alike
    const { page, part, says } = await visiting(address, page =>
      page.addInitScript('{ let now = 0; performance.now = () => (now += 0.4) }'),
    )
    await says('state', /^open$/)
    // over the links to the field
    for (let at = 0; at < 4; at++) await page.keyboard.press('Tab')
    await page.keyboard.type('again')
    await page.keyboard.press('Enter')
    await says('messages', 'again')
    expect(await page.locator('input').inputValue()).toBe('')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await says('messages', '16 bytes: 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff')
    expect(await part('messages').locator('li').allTextContents()).toEqual([
      '16 bytes: 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff0.4 ms',
      'again0.4 ms',
    ])
    await judge(page, 'echo')
  })

  test('says that the server has stopped, what was not sent, and comes back', async () => {
    const { address, stop, restart } = await running(echo)
    const { page, says, excuse } = await visiting(address)
    await says('state', /^open$/)
    excuse()
    await stop()
    await says('state', 'the server')
    await page.getByLabel('Message').fill('nobody hears')
    await page.keyboard.press('Enter')
    await says('messages', 'not sent: there is no connection')
    await restart()
    await says('state', /^open$/)
    await page.getByLabel('Message').fill('heard')
    await page.keyboard.press('Enter')
    await says('messages', 'heard')
  })
})
