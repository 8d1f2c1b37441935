/** nginx, set up as docs/deploying.md has it. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { selfSigned } from './certificate.js'

const required = (process.env['RIVULET_REQUIRE'] ?? '').split(',').includes('nginx')

function isThere(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

/** Whether there is no nginx, and nobody minds. */
export const leftOut = !required && !isThere()

const page = readFileSync(new URL('../../docs/deploying.md', import.meta.url), 'utf8')
const recipe = /^```text\n(map [^]*?)\n```$/m.exec(page)?.[1] ?? ''

/** What stands in the recipe, and what it is in a test. */
function replaced(recipe: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`The recipe does not have ${from} once`)
    return text.replace(from, to)
  }, recipe)
}

/** Starts it in front of two servers, until the test has finished. */
export async function startNginx([first, second]: readonly [number, number], idle = '60s') {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-nginx-'))
  const { key, cert } = selfSigned('localhost', 'DNS:localhost')
  const port = await freePort()
  writeFileSync(join(folder, 'key'), key)
  writeFileSync(join(folder, 'cert'), cert)
  const site = replaced(recipe, [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['server_name example.org', 'server_name localhost'],
    ['127.0.0.1:8081', `127.0.0.1:${first}`],
    ['127.0.0.1:8082', `127.0.0.1:${second}`],
    ['/etc/ssl/example.org.pem', join(folder, 'cert')],
    ['/etc/ssl/example.org.key', join(folder, 'key')],
    ['proxy_read_timeout 60s', `proxy_read_timeout ${idle}`],
  ])
  const whole = `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
events {}
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder};\n${site}\n}\n`
  writeFileSync(join(folder, 'nginx.conf'), whole)
  const flags = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']
  const nginx = spawn('nginx', flags, { stdio: ['ignore', 'ignore', 'inherit'] })
  onTestFinished(async () => {
    const gone = once(nginx, 'exit')
    if (nginx.exitCode === null && nginx.kill()) await gone
    rmSync(folder, { recursive: true })
  })
  while (!(await answers(port))) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}`)
  }
  return { port, ca: cert }
}

// nginx can't take a free one itself
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
