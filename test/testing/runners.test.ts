import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const here = new URL('.', import.meta.url)
const kit = new URL('../../src/testing/', here)

test('the kit works under the runner of Node', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--import',
      'tsx',
      '--test-reporter',
      'tap',
      fileURLToPath(new URL('under-node-test.ts', here)),
    ],
    { cwd: fileURLToPath(new URL('../..', here)) },
  )
  expect(stdout).toMatch(/^# pass 2$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
})

test('the kit imports RxJS and the library, and no runner', () => {
  const files = readdirSync(kit)
  const imported = files.flatMap(file =>
    Array.from(
      readFileSync(new URL(file, kit), 'utf8').matchAll(
        /^(?:import|export|\}).* from '([^'.][^']*)'$/gm,
      ),
      ([, name]) => name,
    ),
  )
  expect(files.length).toBeGreaterThan(5)
  expect(new Set(imported)).toEqual(new Set(['rxjs', 'rxjs/testing']))
})

test('the kit takes nothing from the globals of a runner', () => {
  const code = readdirSync(kit)
    .map(file => readFileSync(new URL(file, kit), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, ''))
    .join('\n')
  expect(code).not.toMatch(/\b(?:vitest|vi|jest|describe|beforeEach|afterEach)\b|\bexpect\(/)
})
