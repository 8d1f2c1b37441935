import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('../../docs/messages.md', import.meta.url), 'utf8')

test.each(['messagepack', 'cbor', 'protobuf'])(
  'the codec of %s is in the docs as it stands',
  name => {
    const code = readFileSync(new URL(`${name}.ts`, import.meta.url), 'utf8')
    expect(page).toContain('```ts\n' + code + '```\n')
  },
)
