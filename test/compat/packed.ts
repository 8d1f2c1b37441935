/**
 * What npm would publish is what users need, and no more: part of `npm run check:package`.
 *
 * Each file has a source, maps lead into text that is there, and the size is guarded.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'

const root = fileURLToPath(new URL('../../', import.meta.url))
const own = createRequire(import.meta.url)

/** Bytes: half as much again is for somebody to decide. */
const most = { packed: 480_000, unpacked: 1_800_000 }

interface Packed {
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}
const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json'], {
  cwd: root,
  maxBuffer: 16 * 1024 * 1024,
})
const [{ files, size, unpackedSize }] = JSON.parse(stdout) as [Packed]
const paths = files.map(({ path }) => path)
const problems: string[] = []

const beside = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].filter(name =>
  existsSync(root + name),
)
for (const name of beside) if (!paths.includes(name)) problems.push(`${name} is not in it`)

const stems = new Set(
  readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => name.slice(0, -'.ts'.length)),
)
for (const path of paths) {
  const stem = /^dist\/(.*?)(?:\.js|\.js\.map|\.d\.ts)$/.exec(path)?.[1]
  if (beside.includes(path)) continue
  if (stem === undefined || !stems.has(stem)) {
    problems.push(`${path} comes of no source: delete dist, and build`)
  }
}

for (const path of paths.filter(each => /\.(js|ts)$/.test(each))) {
  const map = /\/\/# sourceMappingURL=(.*)/.exec(readFileSync(root + path, 'utf8'))?.[1]
  if (map === undefined) {
    if (path.endsWith('.js')) problems.push(`${path} has no map`)
    continue
  }
  const at = path.replace(/[^/]*$/, map)
  if (!paths.includes(at)) {
    problems.push(`${path} has a map that is not in it`)
    continue
  }
  const { sourcesContent = [] } = JSON.parse(readFileSync(root + at, 'utf8')) as {
    sourcesContent?: (string | null)[]
  }
  if (sourcesContent.length === 0 || sourcesContent.includes(null)) {
    problems.push(`${at} leads to a source that is not in it`)
  }
}

const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, string | Record<string, string>>
}
for (const [entry, target] of Object.entries(exports)) {
  for (const path of typeof target === 'string' ? [target] : Object.values(target)) {
    if (!paths.includes(path.slice('./'.length))) problems.push(`${entry} leads to no ${path}`)
    // throws where there is an await on the top level
    if (path.endsWith('.js')) own(root + path)
  }
}

if (size > most.packed) problems.push(`it has ${size} bytes, packed: more than ${most.packed}`)
if (unpackedSize > most.unpacked) {
  problems.push(`it has ${unpackedSize} bytes, unpacked: more than ${most.unpacked}`)
}

for (const problem of problems) console.error(problem)
console.log(`${paths.length} files, ${size} bytes packed, ${unpackedSize} bytes unpacked`)
process.exitCode = problems.length === 0 ? 0 : 1
