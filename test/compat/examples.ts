/** The README's examples, taken out of it, as a user pastes them. */

import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { type Block, blocksOf, moduleOf, printsOf } from '../docs/blocks.js'

export interface Example {
  readonly name: string
  /** TypeScript. */
  readonly code: string
  /** What it prints, if it ends by itself. */
  readonly prints: string | undefined
}

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const lines = readme.split('\n')
const blocks = blocksOf('README.md', readme)

const headingOf = ({ line }: Block) =>
  lines
    .slice(0, line)
    .findLast(each => each.startsWith('## '))
    ?.slice(3) ?? 'README'

export const examples: readonly Example[] = blocks.map(block => ({
  name: headingOf(block),
  code: moduleOf(block),
  prints: block.run ? printsOf(block) : undefined,
}))

/** The example under a heading, the first one, without what the page doesn't show. */
export function shown(heading: string): string {
  const block = blocks.find(each => headingOf(each) === heading)
  if (!block) throw new Error(`README.md has no example under ${heading}`)
  return block.code
}

/** As JavaScript, for what takes no TypeScript. */
export function javascript(code: string): string {
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  return ts.transpileModule(code, { compilerOptions: options }).outputText
}
