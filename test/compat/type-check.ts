/** Cells of the compiler: a project with the packed file, checked with all the libraries in it. */

import { readFileSync } from 'node:fs'
import { cell } from './cells.js'
import { examples } from './examples.js'
import { type Folder, freshFolder } from './folder.js'

/** Of TypeScript. */
const versions = ['5.9', '6', '7']

/** `module` and `moduleResolution` that go together. */
const resolutions = [
  ['nodenext', 'nodenext'],
  ['node16', 'node16'],
  ['esnext', 'bundler'],
] as const

export const consumerOf = (name: string) =>
  readFileSync(new URL(`consumer/${name}.ts`, import.meta.url), 'utf8')

const commonJs = `
import rivulet = require('rivulet')
import server = require('rivulet/server')
export const connected = rivulet.connect('wss://example.org/feed')
export const served = server.serve({ port: 0 }, ({ messages }) => messages)
`

interface Check {
  readonly module?: string
  readonly moduleResolution?: string
  readonly types?: readonly string[]
  readonly lib?: readonly string[]
  readonly exactOptionalPropertyTypes?: boolean
  readonly files: Readonly<Record<string, string>>
}

/**
 * Checks a project strictly.
 *
 * @throws {Error} for what is wrong, but for what `forgiven` matches.
 */
export async function typeCheck(folder: Folder, check: Check, forgiven?: RegExp): Promise<string> {
  const { files, module = 'nodenext', moduleResolution = module, ...options } = check
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    module,
    moduleResolution,
    ...options,
  }
  // by itself, so that no file of another check is in it
  for (const [name, text] of Object.entries(files)) folder.write(`check/${name}`, text)
  const config = { compilerOptions, files: Object.keys(files) }
  folder.write('check/tsconfig.json', JSON.stringify(config))
  // a line that expects an error is one itself when there is none
  const found = await folder
    .node('node_modules/typescript/bin/tsc', '--pretty', 'false', '-p', 'check')
    .then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
  // what an error explains is indented behind it
  const errors = found.split(/\n(?! )/).filter(line => line.trim() !== '')
  const ours = errors.filter(error => !forgiven?.test(error))
  if (ours.length > 0) throw new Error(ours.join('\n'))
  return errors.length === 0 ? 'no error' : `${errors.length} in the libraries' own files`
}

/** What each example of the README is in a project, beside the rest. */
export const readme = Object.fromEntries(
  examples.map(({ code }, at) => [`readme-${at}.ts`, `${code}\nexport {}\n`]),
)

export async function typeChecks(packed: string): Promise<void> {
  for (const version of versions) {
    const folder = freshFolder()
    const name = `TypeScript ${version}`
    const fresh = await cell(`${name}: installs`, () =>
      folder.install(
        packed,
        `typescript@${version}`,
        'rxjs',
        'xstate',
        '@types/node@20',
        '@types/ws',
      ),
    )
    if (!fresh) continue
    for (const [module, moduleResolution] of resolutions) {
      await cell(`${name}: ${moduleResolution}, README and a server`, () =>
        typeCheck(folder, {
          module,
          moduleResolution,
          files: { 'server.ts': consumerOf('server'), ...readme },
        }),
      )
    }
    await cell(`${name}: nodenext, exactOptionalPropertyTypes`, () => {
      const files = { 'server.ts': consumerOf('server'), 'page.ts': consumerOf('page') }
      return typeCheck(folder, { exactOptionalPropertyTypes: true, files }, notOurs)
    })
    await cell(`${name}: nodenext, a file that requires`, () =>
      typeCheck(folder, { files: { 'commonjs.cts': commonJs } }),
    )
    await cell(`${name}: bundler, a page without Node's types`, () => {
      const files = { 'page.ts': consumerOf('page') }
      const page = { types: [], lib: ['es2023', 'dom'] }
      return typeCheck(folder, { module: 'esnext', moduleResolution: 'bundler', ...page, files })
    })
    await cell(`${name}: nodenext, the brokers`, async () => {
      // the newest that says that it runs on Node 20
      await folder.install('redis', '@nats-io/transport-node@~3.3.1')
      await typeCheck(folder, { files: { 'brokers.ts': consumerOf('brokers') } }, notOurs)
    })
  }
}

/** Errors in the files of other libraries: xstate and nats-core have such under that option. */
const notOurs = /^node_modules\/(?!rivulet\/)/
