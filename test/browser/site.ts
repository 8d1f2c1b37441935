/** A site of one page, which does nothing but run its script. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { RequestListener } from 'rivulet/server'

/** Answers with the page, and with its script. */
export function site(script: string): RequestListener {
  return (request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>')
  }
}

/** The address of such a site on a server, and so of an origin, of its own. */
export async function elsewhere(script: string): Promise<string> {
  const http = createServer(site(script))
  onTestFinished(
    () =>
      new Promise<void>(resolve => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  )
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/`
}
