/** Bundles what a page runs, as a user's bundler does it for browsers. */

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const src = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))

export interface Bundle {
  readonly script: string
  /** The files that are in it. */
  readonly sources: readonly string[]
  /** What it imports and has not in it. */
  readonly imports: readonly string[]
}

export async function bundle(entry: URL): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    metafile: true,
    // where package.json leads under the condition `browser`; tsconfig.json says where Node goes
    alias: { '#dial': src('client/browser-socket.ts'), rivulet: src('index.ts') },
  })
  const imports = Object.values(metafile.inputs).flatMap(input => input.imports)
  return {
    script: outputFiles[0]!.text,
    sources: Object.keys(metafile.inputs),
    imports: imports.filter(({ external }) => external).map(({ path }) => path),
  }
}
