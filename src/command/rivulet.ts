#!/usr/bin/env node
/** The program `rivulet`: does what its arguments ask for, and exits with how that went. */

import { readFileSync } from 'node:fs'
import { readArguments, UsageError } from './arguments.js'
import { converse } from './converse.js'
import { help } from './help.js'

async function run(): Promise<number> {
  try {
    const asked = readArguments(process.argv.slice(2))
    if (asked === 'help') process.stdout.write(help)
    else if (asked === 'version') process.stdout.write(`${version()}\n`)
    else return await converse(asked)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`rivulet: ${error.message}\nrivulet --help says what there is.\n`)
    return 2
  }
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

// behind what is still to be printed; input that nobody reads any more would keep it alive
const code = await run()
process.stdout.write('', () => process.exit(code))
