import { describe, expect, test, vi } from 'vitest'
import { tokens } from '../../../examples/tokens/server.js'
import { leftOut } from '../chromium.js'
import { browsing, judge, running, visiting } from './visitor.js'

const thinking = vi.hoisted(() => {
  let stopped: () => void
  return {
    stopped: new Promise<void>(resolve => (stopped = resolve)),
    /** A model that thinks for as long as nobody stops it. */
    async *silent(signal: AbortSignal) {
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      stopped()
      yield* []
    },
  }
})

vi.mock(import('../../../examples/tokens/model.js'), async original => {
  const { generate } = await original()
  return {
    generate: (question, signal) =>
      question === 'Think' ? thinking.silent(signal) : generate(question, signal),
  }
})

describe.skipIf(leftOut)('the page of the tokens example', { timeout: 60_000 }, () => {
  browsing()

  test('shows answers word by word, one after the other, and stops one by Escape', async () => {
    const { address } = await running(tokens)
    const { page, part, says } = await visiting(address)
    await says('state', /^open$/)
    const ask = async (question: string) => {
      await page.getByLabel('Question').fill(question)
      await page.keyboard.press('Enter')
    }
    await ask('What is a connection')
    await ask('And a writer')
    await says('waiting', '1 question waits.')
    const answers = part('answers').locator('article')
    const first = page.getByRole('article').filter({ hasText: 'What is a connection' })
    await page.waitForFunction(
      `document.querySelector('.answer').textContent.split(' ').length > 3`,
    )
    await page.keyboard.press('Escape')
    await first.filter({ hasText: 'stopped' }).waitFor()
    const stopped = await first.locator('.answer').textContent()
    expect(stopped).toMatch(/^connection /)
    // the next one is answered to its end, and the stopped one says nothing more
    const second = page.getByRole('article').filter({ hasText: 'And a writer' })
    await second.filter({ hasText: 'done' }).waitFor()
    expect((await second.locator('.answer').textContent())!.split(' ').length).toBeGreaterThan(40)
    expect(await first.locator('.answer').textContent()).toBe(stopped)
    expect(await answers.count()).toBe(2)
    await says('waiting', 'No question waits.')
    expect(await part('stop').isDisabled()).toBe(true)
    await judge(page)
  })

  test('stops a model that says nothing yet when who asked leaves', async () => {
    const { address } = await running(tokens)
    const { page, says } = await visiting(address)
    await says('state', /^open$/)
    await page.getByLabel('Question').fill('Think')
    await page.keyboard.press('Enter')
    await says('answers', 'answering')
    await page.close()
    await thinking.stopped
  })

  test('shows an answer that is under way, and one that was stopped', async () => {
    const { address } = await running(tokens)
    const { page, says } = await visiting(address, page =>
      // words that are the same for every picture
      page.routeWebSocket('**/ws', socket => {
        const say = (told: object) => socket.send(JSON.stringify(told))
        socket.onMessage(() => {
          say({ question: 'What is a writer?' })
          say({ token: 'A writer is an Observable of what to' })
          say({ end: 'stopped' })
          say({ question: 'And what is a reader?' })
          say({ token: 'A reader is the stream of what the peer sends; it' })
        })
      }),
    )
    await says('state', /^open$/)
    await page.getByLabel('Question').fill('What is a writer?')
    await page.keyboard.press('Enter')
    await says('answers', 'it')
    await says('answers', 'answering')
    await says('answers', 'stopped')
    await page.evaluate(`part('waiting').textContent = 'No question waits.'`)
    await judge(page, 'tokens')
  })

  test('says that an answer is lost with the connection, and answers again when it is back', async () => {
    const { address, stop, restart } = await running(tokens)
    const { page, says, excuse } = await visiting(address)
    await says('state', /^open$/)
    await page.getByLabel('Question').fill('What is lost')
    await page.keyboard.press('Enter')
    await says('answers', 'answering')
    excuse()
    await stop()
    await says('answers', 'lost with the connection')
    await restart()
    await says('state', /^open$/)
    await page.getByLabel('Question').fill('What is back')
    await page.keyboard.press('Enter')
    await says('answers', 'done')
  })
})
