/** RemotePage: a page whose sockets are used from Node, in the order in which Node uses them. */

import type { Browser, Page } from 'playwright-core'
import type { Socket } from '../../src/socket.js'
import { bundle } from './bundle.js'
import type { Call, Told } from './remote-control.js'

// in the page
declare function carryOut(calls: readonly Call[]): void
declare function keep(base64: string): void
declare function methodsOf(at: number, names: readonly (keyof Socket)[]): readonly string[]

export class RemotePage {
  readonly #page: Page
  readonly #listeners: ((told: Told) => void)[] = []
  readonly #kept = new Map<Uint8Array, number>()
  #batch: Call[] | undefined
  #waiting = 0
  #done = Promise.resolve()

  private constructor(page: Page) {
    this.#page = page
  }

  static async open(browser: Browser): Promise<RemotePage> {
    const { script } = await bundle(new URL('contract-page.ts', import.meta.url))
    const page = await browser.newPage()
    const remote = new RemotePage(page)
    await page.exposeFunction('tell', (told: Told) => remote.#listeners[told.at]?.(told))
    await page.addScriptTag({ content: script })
    return remote
  }

  /** A socket more: its number. */
  add(listener: (told: Told) => void): number {
    return this.#listeners.push(listener) - 1
  }

  /** Behind all that was called before; calls of one turn are carried out in one turn. */
  call(...call: Call): void {
    if (this.#batch) {
      this.#batch.push(call)
      return
    }
    const batch: Call[] = [call]
    this.#batch = batch
    this.#then(() => {
      if (this.#batch === batch) this.#batch = undefined
      return this.#page.evaluate(calls => carryOut(calls), batch)
    })
  }

  /** The number of these bytes in the page. They cross once: whoever sends them does not change them. */
  keep(bytes: Uint8Array): number {
    const known = this.#kept.get(bytes)
    if (known !== undefined) return known
    const text = Buffer.from(bytes).toString('base64')
    this.#batch = undefined
    this.#then(() => this.#page.evaluate(text => keep(text), text))
    this.#kept.set(bytes, this.#kept.size)
    return this.#kept.size - 1
  }

  /** At once, or behind all that was called before. */
  after(act: () => void): void {
    if (this.#waiting === 0) {
      act()
      return
    }
    this.#batch = undefined
    this.#then(act)
  }

  /** Which of these the latest socket has. */
  async methods(names: readonly (keyof Socket)[]): Promise<readonly string[]> {
    await this.#done
    const at = this.#listeners.length - 1
    return this.#page.evaluate(({ at, names }) => methodsOf(at, names), { at, names })
  }

  // what fails here fails the tests: nobody catches it
  #then(act: () => void | Promise<void>): void {
    this.#waiting++
    this.#done = this.#done.then(act).then(() => {
      this.#waiting--
    })
  }

  async close(): Promise<void> {
    await this.#done
    await this.#page.close()
  }
}
