import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ExampleProcess } from './example-process.js'

const folder = new URL('../../examples/', import.meta.url)
const folders = readdirSync(folder, { withFileTypes: true })
  .filter(entry => entry.isDirectory() && entry.name !== 'observatory')
  .map(({ name }) => name)

async function saidBy(...args: string[]): Promise<string> {
  const example = new ExampleProcess(args)
  expect(await example.exit).toEqual([0, null])
  return example.said
}

test('npm start -- --list has every example, with what it does', async () => {
  const listed = (await saidBy('--list')).trim().split('\n')
  for (const line of listed) expect(line).toMatch(/^[a-z-]+: \w.+$/)
  expect(listed.map(line => line.split(':')[0]).sort()).toEqual([...folders].sort())
})

test('npm start -- --help says how each is started', async () => {
  const help = await saidBy('--help')
  for (const name of [...folders, '--port', '--list']) expect(help).toContain(name)
})

test.each([
  [['chess'], /^There is no example "chess": hello, echo, .*beside-express\.\n$/],
  [['toString'], /^There is no example "toString": /],
  [['--prot', '1'], /^Unknown option '--prot'.* See npm start -- --help\n$/],
])('says in one sentence what is wrong with %j', async (args, sentence) => {
  const example = new ExampleProcess(args)
  expect(await example.exit).toEqual([1, null])
  expect(example.complained).toMatch(sentence)
})

test.each(folders)('%s starts by its name, tells its page, and ends at SIGTERM', async name => {
  const example = new ExampleProcess([name, '--port', '0'])
  const port = await example.listening()
  const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
  expect(await page.text()).toBe(readFileSync(new URL(`${name}/index.html`, folder), 'utf8'))
  for (const [path, type] of [
    ['style.css', 'text/css'],
    ['page.js', 'text/javascript'],
    ['server.ts', 'text/plain'],
    ['README.md', 'text/plain'],
  ] as const) {
    const file = await fetch(`http://127.0.0.1:${port}/${path}`)
    expect([file.status, file.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`])
  }
  for (const path of ['../package.json', '%2e%2e/package.json', '..%2fstart.ts', 'none']) {
    expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status).toBe(404)
  }
  example.kill('SIGTERM')
  expect(await example.exit).toEqual([0, null])
  expect(example.said.split('\n')).toEqual([
    `The page      http://localhost:${port}/`,
    `The WebSocket ws://localhost:${port}/ws`,
    `Watch it      http://localhost:${port}/observatory`,
    'Ctrl+C stops it.',
    '',
  ])
  expect(example.complained).toBe('')
})
