/** Cells of pages: bundled by Vite and by esbuild, opened in Chromium, which gets the hello. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import type { Browser } from 'playwright-core'
import { launch, leftOut } from '../browser/chromium.js'
import { cell, LeftOut } from './cells.js'
import { shown } from './examples.js'
import { environment, type Folder, freshFolder } from './folder.js'
import { type Hello, startHello } from './hello.js'

/** Of Vite: with Rolldown, and with Rollup. */
const viteVersions = ['8', '7']

/** The README's client in a page; where it connects to is behind the page's address. */
const script = `
const url = new URL(location.href).searchParams.get('to') ?? ''
${shown('Connect')}
`
const html = (src: string) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><script type="module" src="${src}"></script>
`

export async function pages(packed: string): Promise<void> {
  const server = freshFolder()
  await server.install(packed, 'rxjs', 'xstate')
  const hello = await startHello(server, process.execPath)
  const browser = leftOut ? undefined : await launch()
  try {
    for (const version of viteVersions) await vite(version, packed, hello, browser)
    await esbuild(packed, hello, browser)
  } finally {
    await browser?.close()
    await hello.stop()
  }
}

async function vite(version: string, packed: string, hello: Hello, browser?: Browser) {
  const name = `Vite ${version}`
  const folder = freshFolder()
  folder.write('index.html', html('/page.ts'))
  folder.write('page.ts', script)
  const fresh = await cell(`${name}: installs`, () =>
    folder.install(packed, 'rxjs', 'xstate', `vite@${version}`),
  )
  if (!fresh) return
  const bin = join('node_modules', 'vite', 'bin', 'vite.js')
  const builds = await cell(`${name}: builds, with nothing of Node or of the server`, async () => {
    const said = await folder.node(bin, 'build', '--sourcemap')
    // what it says where a module of Node is asked for in a page
    if (said.includes('externalized')) throw new Error(said)
    const assets = join(folder.path, 'dist', 'assets')
    return sourcesOf(join(assets, readdirSync(assets).find(file => file.endsWith('.map')) ?? ''))
  })
  const runs = async (...command: string[]) => {
    const site = await viteSite(folder, [bin, ...command])
    try {
      return await opened(site.url, hello, browser)
    } finally {
      await site.stop()
    }
  }
  if (builds) await cell(`${name}: the built page gets the hello`, () => runs('preview'))
  await cell(`${name}: the page of the dev server gets the hello`, () => runs('dev'))
}

async function esbuild(packed: string, hello: Hello, browser?: Browser) {
  const folder = freshFolder()
  folder.write('page.ts', script)
  const fresh = await cell('esbuild: installs', () =>
    folder.install(packed, 'rxjs', 'xstate', 'esbuild'),
  )
  if (!fresh) return
  const builds = await cell('esbuild: builds, with nothing of Node or of the server', async () => {
    folder.write(
      'build.mjs',
      `
      import { build } from 'esbuild'
      await build({ entryPoints: ['page.ts'], bundle: true, format: 'esm', sourcemap: true, outfile: 'page.js' })
    `,
    )
    await folder.node('build.mjs')
    return sourcesOf(join(folder.path, 'page.js.map'))
  })
  if (!builds) return
  await cell('esbuild: the page gets the hello', async () => {
    const bundled = readFileSync(join(folder.path, 'page.js'))
    const site = createServer((request, response) => {
      const isScript = request.url === '/page.js'
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
      response.end(isScript ? bundled : html('/page.js'))
    }).listen(0, '127.0.0.1')
    await once(site, 'listening')
    const address = site.address()
    const port = typeof address === 'object' ? address?.port : undefined
    try {
      return await opened(`http://127.0.0.1:${port ?? 0}/`, hello, browser)
    } finally {
      site.close()
      site.closeAllConnections()
    }
  })
}

/** Reads of a bundle's map what is in it, with the sources that our own maps lead to. */
function sourcesOf(map: string): string {
  const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] }
  const own = sources.filter(each => each.includes('/rivulet/'))
  const wrong = sources.filter(each =>
    /node_modules\/ws\/|rivulet\/(dist|src)\/(server|testing)\/|node-socket|ws-socket|hub\/(nats|redis)/.test(
      each,
    ),
  )
  if (own.length === 0) throw new Error(`nothing of rivulet in ${sources.join()}`)
  if (wrong.length > 0) throw new Error(`it has ${wrong.join()}`)
  return `${own.length} files of rivulet`
}

/** Starts Vite's server; it says where that is. */
async function viteSite(folder: Folder, command: readonly string[]) {
  const args = [...command, '--host', '127.0.0.1', '--port', '0']
  const child = spawn(process.execPath, args, {
    cwd: folder.path,
    env: environment(process.execPath),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(stripVTControlCharacters(line))?.[0]
    if (url === undefined) continue
    child.stdout.resume()
    return {
      url,
      stop: async () => {
        child.kill('SIGKILL')
        await exited
      },
    }
  }
  throw new Error('it ended before it said where it is')
}

/** Opens the page; what it logged first. */
async function opened(site: string, hello: Hello, browser?: Browser): Promise<string> {
  if (!browser) throw new LeftOut('there is no Chromium')
  const page = await browser.newPage()
  try {
    const thrown: Error[] = []
    page.on('pageerror', error => thrown.push(error))
    // a dev server has things of its own to say
    const logged = page.waitForEvent('console', {
      predicate: message => message.type() === 'log' || message.type() === 'error',
      timeout: 30_000,
    })
    await page.goto(`${site}?to=${encodeURIComponent(hello.url)}`)
    const text = (await logged).text()
    if (thrown[0]) throw thrown[0]
    if (text !== 'hello') throw new Error(`it logged ${text}`)
    return `it logged ${text}`
  } finally {
    await page.close()
  }
}
