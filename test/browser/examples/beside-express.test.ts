import { describe, expect, test } from 'vitest'
import { besideExpress } from '../../../examples/beside-express/server.js'
import { leftOut } from '../chromium.js'
import { browsing, judge, running, visiting } from './visitor.js'

describe.skipIf(leftOut)('the page of the beside-express example', { timeout: 60_000 }, () => {
  browsing()

  test('greets who signed in by a plain form, and sends away who signed out', async () => {
    const { address } = await running(besideExpress)
    const { page, part, says } = await visiting(address)
    await says('messages', 'closed with 4401 sign in first')
    await says('state', 'sign in first')
    await page.getByLabel('Your name').fill('Ada')
    await page.keyboard.press('Enter')
    await says('messages', 'Hello, Ada')
    await says('who', 'Ada is signed in.')
    await says('messages', 'Ada, you have been here for 1 s')
    expect(await part('sign-in').isVisible()).toBe(false)
    await judge(page, 'beside-express')

    const bob = await visiting(address)
    await bob.page.getByLabel('Your name').fill('Bob')
    await bob.page.keyboard.press('Enter')
    await bob.says('messages', 'Hello, Bob')

    // another window of the same browser is of the same session, and ends with it
    const other = await page.context().newPage()
    await other.goto(address)
    await other.getByText('Hello, Ada').waitFor()
    await other.getByRole('button', { name: 'Sign out' }).press('Enter')
    await says('messages', 'closed with 4401 signed out')
    await says('who', 'Nobody is signed in.')
    // nobody else's does
    const heard = bob.part('messages').locator('li')
    await heard.nth(await heard.count()).waitFor()
    expect(await heard.allTextContents()).not.toContain('closed with 4401 signed out')
  })

  test('says that the server has stopped, and comes back', async () => {
    const { address, stop, restart } = await running(besideExpress)
    const { page, says, excuse } = await visiting(address)
    await page.getByLabel('Your name').fill('Ada')
    await page.keyboard.press('Enter')
    await says('messages', 'Hello, Ada')
    excuse()
    await stop()
    await says('state', 'the server')
    await restart()
    await says('state', /^open$/)
    await says('who', 'Ada is signed in.')
  })
})
