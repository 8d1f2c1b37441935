import type { Browser, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

/** Visits a page with a window of its own. The test's end leaves it; by then it may have thrown nothing. */
export async function visit(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage()
  const thrown: Error[] = []
  page.on('pageerror', error => thrown.push(error))
  onTestFinished(async () => {
    await page.close()
    expect(thrown).toEqual([])
  })
  await page.goto(address)
  return page
}
