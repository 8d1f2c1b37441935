/** Model: a toy. It has read the documentation, and says which words tend to follow which. */

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

const docs = new URL('../../docs/', import.meta.url)
const words = readdirSync(docs)
  .filter(name => name.endsWith('.md'))
  .flatMap(name => readFileSync(new URL(name, docs), 'utf8').split('\n'))
  // sentences only: neither code nor tables nor headings
  .filter(line => /^[A-Z].*[.:]$/.test(line) && !/[`|[\]{}*<>]/.test(line))
  .flatMap(line => line.split(' '))

const followers = new Map<string, string[]>()
words.forEach((word, at) => {
  const next = words[at + 1]
  if (next !== undefined) followers.set(word, [...(followers.get(word) ?? []), next])
})

/**
 * Answers word by word, as language models do, at their pace and with their AbortSignal: put a call
 * of a real one here.
 */
export async function* generate(question: string, signal: AbortSignal): AsyncGenerator<string> {
  const known = question.split(/\W+/).filter(word => followers.has(word))
  let word = known.at(-1) ?? 'A'
  for (let length = 1; length <= 120; length++) {
    await wait(30 + Math.random() * 40, undefined, { signal })
    yield length === 1 ? word : ` ${word}`
    if (length > 40 && word.endsWith('.')) return
    const next = followers.get(word) ?? words
    word = next[Math.floor(Math.random() * next.length)] ?? 'A'
  }
}
