import { describe, expect, test } from 'vitest'
import { chat } from '../../../examples/chat/server.js'
import { openClient } from '../../wire/ws-client.js'
import { leftOut } from '../chromium.js'
import { browsing, judge, running, visiting } from './visitor.js'

describe.skipIf(leftOut)('the page of the chat example', { timeout: 60_000 }, () => {
  browsing()

  test('shows who is here and what they say, by the keyboard alone', async () => {
    const { address } = await running(chat)
    const ada = await visiting(address, page => page.addInitScript(`sessionStorage.name ??= 'Ada'`))
    await ada.says('count', '1')
    const bob = await visiting(address)
    await ada.says('count', '2')
    await bob.page.getByLabel('Your name').fill('Bob')
    await bob.page.keyboard.press('Enter')
    await ada.says('who', 'Bob')
    await bob.says('state', /^open$/)
    await ada.page.getByLabel('Message').fill('Is anybody here?')
    await ada.page.keyboard.press('Enter')
    await bob.says('said', 'Is anybody here?Ada')
    await bob.page.getByLabel('Message').fill('I am. <b>Hello</b>')
    await bob.page.keyboard.press('Enter')
    await ada.says('said', 'I am. <b>Hello</b>Bob')
    expect(await ada.part('who').locator('li').allTextContents()).toEqual(['Ada', 'Bob'])
    await judge(ada.page, 'chat')
  })

  test('keeps what is said in one room from the others', async () => {
    const { address } = await running(chat)
    const lobby = await visiting(address)
    const garden = await visiting(`${address}#garden`)
    await lobby.says('count', '1')
    await garden.says('count', '1')
    for (const [{ page, says }, text] of [
      [lobby, 'in the lobby'],
      [garden, 'in the garden'],
    ] as const) {
      await page.getByLabel('Message').fill(text)
      await page.keyboard.press('Enter')
      await says('said', text)
    }
    expect(await garden.part('said').locator('li').allTextContents()).toEqual([
      'in the gardensomebody',
    ])
    expect(await garden.part('room').textContent()).toBe('garden')
    expect(await garden.part('who').locator('li').count()).toBe(1)
  })

  test('marks a member who does not read, until he is gone', async () => {
    const { address, port } = await running(chat)
    const ada = await visiting(address)
    const url = `ws://127.0.0.1:${port}/ws`
    const slow = await openClient(`${url}?name=Sloth`)
    const loud = await openClient(`${url}?name=Loud`)
    await ada.says('count', '3')
    slow.ws.pause()
    // more than the kernel takes for him, and less than would send him away
    let said = 0
    const line = JSON.stringify({ text: 'z'.repeat(2_000) })
    while (!(await ada.part('who').textContent())?.includes('slow') && said < 20_000) {
      for (let nth = 0; nth < 200; nth++, said++) loud.ws.send(line)
      await ada.page.evaluate('new Promise(requestAnimationFrame)')
    }
    expect(await ada.part('who').locator('li').allTextContents()).toContain('Slothslow')
    slow.ws.terminate()
    await ada.says('count', '2')
    expect(await ada.part('who').textContent()).not.toContain('Sloth')
  })

  test('says that the server has stopped, and comes back', async () => {
    const { address, stop, restart } = await running(chat)
    const { part, says, excuse } = await visiting(address)
    await says('count', '1')
    excuse()
    await stop()
    await says('state', 'the server')
    expect(await part('count').textContent()).toBe('0')
    await restart()
    await says('state', /^open$/)
    await says('count', '1')
  })
})
