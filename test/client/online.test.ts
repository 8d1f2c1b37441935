import { describe, expect, test } from 'vitest'
import { online } from '../../src/client/online.js'

class Page extends EventTarget {
  readonly navigator = { onLine: true }
  listeners = 0

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners++
    super.addEventListener(...args)
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners--
    super.removeEventListener(...args)
  }

  goes(onLine: boolean): void {
    this.navigator.onLine = onLine
    this.dispatchEvent(new Event(onLine ? 'online' : 'offline'))
  }
}

describe('online', () => {
  test('says how it is, then each change, until nobody listens', () => {
    const page = new Page()
    const said: boolean[] = []
    const subscription = online(page).subscribe(each => said.push(each))
    page.goes(false)
    page.goes(false)
    page.goes(true)
    expect(said).toEqual([true, false, true])
    subscription.unsubscribe()
    expect(page.listeners).toBe(0)
  })

  test('asks at each subscription', () => {
    const page = new Page()
    const now = online(page)
    page.goes(false)
    const said: boolean[] = []
    now.subscribe(each => said.push(each)).unsubscribe()
    expect(said).toEqual([false])
  })

  test.each([
    ['Node', {}],
    ['a Node with a navigator', { navigator: {}, addEventListener: () => undefined }],
    ['a platform without events', { navigator: { onLine: false } }],
    ['this process', undefined],
  ])('is true, and over, where nobody knows: %s', (_, page) => {
    const said: unknown[] = []
    online(page).subscribe({ next: each => said.push(each), complete: () => said.push('over') })
    expect(said).toEqual([true, 'over'])
  })
})
