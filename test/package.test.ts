/** The package as its users get it: what each platform loads of it, and how much that is. */

import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build, type BuildOptions } from 'esbuild'
import { build as vite } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

/** A folder in which the package is installed, made of the sources as they are now. */
let home = ''

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'rivulet-'))
  const modules = join(home, 'node_modules')
  const own = join(modules, 'rivulet')
  mkdirSync(own, { recursive: true })
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  await build({
    entryPoints: sources.filter(each => each.endsWith('.ts')).map(each => `${root}src/${each}`),
    outdir: join(own, 'dist'),
    outbase: `${root}src`,
    format: 'esm',
    target: 'es2022',
  })
  cpSync(`${root}package.json`, join(own, 'package.json'))
  for (const each of ['ws', 'rxjs', 'xstate', 'tslib']) {
    symlinkSync(`${root}node_modules/${each}`, join(modules, each))
  }
}, 60_000)

afterAll(() => rmSync(home, { recursive: true, force: true }))

async function bundled(code: string, options: BuildOptions = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: home },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
    ...options,
  })
  const inputs = Object.keys(metafile?.inputs ?? {})
  const outside = Object.values(metafile?.outputs ?? {}).flatMap(({ imports }) => imports)
  return {
    text: outputFiles?.[0]?.text ?? '',
    inputs,
    // what is left to be loaded when it runs
    imports: outside.filter(each => each.external).map(({ path }) => path),
  }
}

/** Runs a program that has the package installed; what it printed. */
async function printed(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, args, { cwd: home })
  expect(stderr).toBe('')
  return stdout.trim()
}

const connects = `
  .connect('ws://127.0.0.1:1').subscribe({ error: ({ cause }) => console.log(cause.code) })`

describe('the package in Node', () => {
  test('connects with ws', async () => {
    const code = `const { connect } = await import('rivulet'); ({ connect })${connects}`
    expect(await printed('--input-type=module', '--eval', code)).toBe('ECONNREFUSED')
  })

  test('is loaded by require, too', async () => {
    // the first Node that can says that this is new
    const code = `require('rivulet')${connects}`
    expect(await printed('--no-warnings', '--input-type=commonjs', '--eval', code)).toBe(
      'ECONNREFUSED',
    )
  })

  test('is bundled with ws', async () => {
    const { inputs } = await bundled(`export { connect } from 'rivulet'`, { platform: 'node' })
    expect(inputs.some(each => each.includes('node_modules/ws/'))).toBe(true)
    expect(inputs.some(each => each.endsWith('client/browser-socket.js'))).toBe(true)
  })
})

describe('the package in a browser', () => {
  test('is bundled without ws, and without anything of Node', async () => {
    const { inputs, imports } = await bundled(`export * from 'rivulet'`)
    expect(imports).toEqual([])
    expect(inputs.filter(each => each.includes('node_modules/ws/'))).toEqual([])
    expect(inputs.some(each => each.endsWith('client/browser-socket.js'))).toBe(true)
    expect(inputs.filter(each => /node-socket|ws-socket/.test(each))).toEqual([])
  })

  test('gets nothing of the server with connect, also from Vite', async () => {
    const entry = join(home, 'entry.js')
    writeFileSync(entry, `export { connect } from 'rivulet'`)
    const built = await vite({
      root: home,
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        lib: { entry, formats: ['es'] },
        rolldownOptions: { external: ['rxjs', 'xstate'] },
      },
    })
    const results = Array.isArray(built) ? built : []
    const chunks = results.flatMap(({ output }) => output).filter(each => each.type === 'chunk')
    const moduleIds = chunks.flatMap(chunk => chunk.moduleIds)
    const imports = chunks.flatMap(chunk => chunk.imports)
    expect(imports.sort()).toEqual(['rxjs', 'xstate'])
    expect(moduleIds.some(each => each.endsWith('client/browser-socket.js'))).toBe(true)
    const others = /\/(server|testing)\/|\/ws\/|node-socket|ws-socket|hub\/(nats|redis)/
    expect(moduleIds.filter(each => others.test(each))).toEqual([])
  })

  test('gets of it what it uses', async () => {
    const { inputs, text } = await bundled(`export { text } from 'rivulet'`, {
      external: ['rxjs', 'xstate'],
    })
    expect(text).not.toContain('WebSocket')
    expect(inputs.filter(each => each.includes('/server/'))).toEqual([])
  })

  test('on a platform that nobody knows takes its WebSocket', async () => {
    const { inputs } = await bundled(`export { connect } from 'rivulet'`, {
      platform: 'neutral',
      mainFields: ['module', 'main'],
    })
    expect(inputs.filter(each => /node-socket|ws-socket/.test(each))).toEqual([])
  })

  const recorded = Array.from(
    readFileSync(`${root}docs/client.md`, 'utf8').matchAll(/^\| `(export .*?)`\s*\| ([\d.]+) kB/gm),
    ([, code = '', size]) => [code, Number(size)] as const,
  )

  test('has a size that docs/client.md records', () => {
    expect(recorded.length).toBeGreaterThan(2)
  })

  test.each(recorded)('%s takes %d kB, gzipped, without rxjs and xstate', async (code, size) => {
    const { text } = await bundled(code, { external: ['rxjs', 'xstate'] })
    const kilobytes = gzipSync(text, { level: 9 }).byteLength / 1_000
    expect(kilobytes).toBeLessThanOrEqual(size)
    expect(kilobytes).toBeGreaterThan(size * 0.95)
  })
})
