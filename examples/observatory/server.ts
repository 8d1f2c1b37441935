// The observatory: a page at /observatory that shows every connection of a server live. For this
// machine only. While no page is open nothing is inspected.
import { readFileSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { InspectableServer } from 'rivulet'
import { pagesOnly, sameOrigin, type Server } from 'rivulet/server'
import { codec, feed } from './feed.js'
import { mayLook } from './guard.js'

const file = (name: string) => fileURLToPath(new URL(`./page/${name}`, import.meta.url))

const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

const files: Record<string, { type: string; content: () => Promise<string> | string }> = {
  '/observatory': { type: 'text/html', content: () => readFileSync(file('index.html'), 'utf8') },
  '/observatory/style.css': {
    type: 'text/css',
    content: () => readFileSync(file('../../style.css'), 'utf8'),
  },
  '/observatory/page.css': {
    type: 'text/css',
    content: () => readFileSync(file('page.css'), 'utf8'),
  },
  '/observatory/page.js': { type: 'text/javascript', content: () => (script ??= bundled()) },
}

/** Answers a request for the observatory; false for any other, which is left alone. */
export function answersObservatory(request: IncomingMessage, response: ServerResponse): boolean {
  const path = request.url?.replace(/[?#].*$/s, '') ?? ''
  if (path !== '/observatory' && !path.startsWith('/observatory/')) return false
  const found = files[path]
  const status = mayLook(request) ? (found ? 200 : 404) : 403
  if (status === 200 && found) void answer(response, found)
  else {
    response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' })
    response.end(status === 403 ? 'The observatory is for this machine only\n' : 'Not found\n')
  }
  return true
}

/** Opens the feed of the page, at a path beside the server's own. */
export function observe(server: InspectableServer & Pick<Server, 'accept'>): void {
  server
    .accept(
      {
        path: '/observatory/feed',
        codec,
        checkOrigin: (request, own) => mayLook(request) && pagesOnly(sameOrigin)(request, own),
        limits: { connections: 16 },
        // a page that is hidden may be slow; what it is told is worth nothing later
        outbox: { bytes: 16 * 1024 * 1024 },
      },
      feed(server),
    )
    .subscribe()
}

async function answer(
  response: ServerResponse,
  { type, content }: (typeof files)[string],
): Promise<void> {
  try {
    const text = await content()
    response.writeHead(200, { ...headers, 'Content-Type': `${type}; charset=utf-8` }).end(text)
  } catch (error) {
    console.error(error)
    response.writeHead(500, headers).end('The page could not be made\n')
  }
}

let script: Promise<string> | undefined

async function bundled(): Promise<string> {
  // not before somebody looks
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: [file('page.ts')],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    write: false,
    // the sources of this checkout, as a page takes them
    alias: {
      '#dial': fileURLToPath(new URL('../../src/client/browser-socket.ts', import.meta.url)),
      rivulet: fileURLToPath(new URL('../../src/index.ts', import.meta.url)),
    },
  })
  return outputFiles[0]?.text ?? ''
}
