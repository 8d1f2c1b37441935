/** Which pages may connect, asked of a real browser: it, and not the page, says where a page is from. */

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { origins, refuse, type RequestListener, type ServeOptions } from 'rivulet/server'
import { serving } from '../wire/serving.js'
import { launch, leftOut, startTimeout } from './chromium.js'
import { elsewhere, site } from './site.js'
import { visit } from './visit.js'

// what Chromium has: for code that runs in the page
declare class WebSocket extends EventTarget {
  constructor(url: string)
  onopen: () => void
  onmessage: (event: { data: unknown }) => void
  onclose: (event: { code: number; reason: string; wasClean: boolean }) => void
}

describe.skipIf(leftOut)('a page', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launch()
  }, startTimeout)

  afterAll(() => browser.close())

  /** Serves a page at `/`, and a greeting by WebSocket at `/ws`. */
  async function greeting(options: Partial<ServeOptions> = {}) {
    const { port, url, server } = await serving(
      { path: '/ws', request: site(''), ...options },
      ({ send, close }) => {
        send('hello')
        close(1000, 'bye')
      },
    )
    const seen: (string | undefined)[] = []
    server.connections.subscribe(({ handshake }) => seen.push(handshake.origin))
    return { url, address: `http://127.0.0.1:${port}/`, seen }
  }

  /** All that a page is told that connects. */
  async function told(address: string, url: string): Promise<string[]> {
    const page = await visit(browser, address)
    return page.evaluate(
      url =>
        new Promise<string[]>(resolve => {
          const told: string[] = []
          const socket = new WebSocket(url)
          socket.onopen = () => told.push('open')
          socket.onmessage = ({ data }) => told.push(String(data))
          socket.onclose = ({ code, reason, wasClean }) =>
            resolve([...told, `${code} ${reason}${wasClean ? '' : 'not clean'}`])
        }),
      url,
    )
  }

  const welcome = ['open', 'hello', '1000 bye']
  const refusal = ['1006 not clean']

  test('of the server itself connects', async () => {
    const { address, url, seen } = await greeting()
    expect(await told(address, url)).toEqual(welcome)
    expect(seen).toEqual([address.slice(0, -1)])
  })

  test('of another port of the same host fails, and is not told why', async () => {
    const { url, seen } = await greeting()
    expect(await told(await elsewhere(''), url)).toEqual(refusal)
    expect(seen).toEqual([])
  })

  test('of another name of the same host fails, and connects where that is let in', async () => {
    const named = (address: string) => address.replace('127.0.0.1', 'localhost')
    const shut = await greeting()
    expect(await told(named(shut.address), shut.url)).toEqual(refusal)
    const open = await greeting({ checkOrigin: origins('http://localhost:*') })
    expect(await told(named(open.address), open.url)).toEqual(welcome)
  })

  test("in a sandbox has no origin: it fails, and connects where origins('null') lets it", async () => {
    const request: RequestListener = (asked, response) => {
      response.setHeader('Content-Security-Policy', 'sandbox allow-scripts')
      site('')(asked, response)
    }
    const shut = await greeting({ request })
    expect(await told(shut.address, shut.url)).toEqual(refusal)
    const open = await greeting({ request, checkOrigin: origins('null') })
    expect(await told(open.address, open.url)).toEqual(welcome)
    expect(open.seen).toEqual(['null'])
  })

  test("connects from another port where origins('http://127.0.0.1:*') lets it", async () => {
    const { url, seen } = await greeting({ checkOrigin: origins('http://127.0.0.1:*') })
    const foreign = await elsewhere('')
    expect(await told(foreign, url)).toEqual(welcome)
    expect(seen).toEqual([foreign.slice(0, -1)])
  })

  test('that is not let in sees the closeCode and the message of refuse', async () => {
    const message = 'Your session is over'
    const { address, url, seen } = await greeting({
      authenticate: () => refuse(401, { message, closeCode: 4401 }),
    })
    expect(await told(address, url)).toEqual(['open', `4401 ${message}`])
    expect(seen).toEqual([])
  })

  test('that is not let in sees nothing of a refuse without closeCode', async () => {
    const { address, url } = await greeting({ authenticate: () => refuse(401) })
    expect(await told(address, url)).toEqual(refusal)
  })
})
