/** What a doc comment of a name that users import has to say. */

import { describe, expect, it } from 'vitest'
import { type Exported, exportedNames, type Member } from './exported.js'

const entries = [...exportedNames()]
const all = entries.flatMap(([entry, names]) => names.map(each => ({ entry, ...each })))
const members = all.flatMap(of => of.members.map(member => ({ of, member })))
const place = ({ of, member }: { of: Exported; member: Member }) => `${of.name}.${member.name}`

const unit =
  /\b(ms|s|h|seconds?|milliseconds?|bytes|[KM]iB|bits|messages|frames|connections|attempts|topics|hops|proxies|members|processes|times|status|code|codes|level|window|port|port's|number)\b|\b\d+ (ms|s)\b/i

/** What is given to the library, and not what it gives. */
const isOption = ({ name }: Exported) => /(Options|Limits|Timeouts)$/.test(name)

describe('a doc comment', () => {
  it('is there for every name that can be imported', () => {
    expect(all.length).toBeGreaterThan(100)
    expect(all.filter(({ doc }) => doc.text === '').map(({ name }) => name)).toEqual([])
  })

  it('is there for every member of these', () => {
    expect(members.length).toBeGreaterThan(300)
    expect(members.filter(({ member }) => member.doc.text === '').map(place)).toEqual([])
  })

  it('says what the default is, for every option that may be left out', () => {
    const silent = members.filter(
      ({ of, member }) =>
        isOption(of) && member.optional && !/default/i.test(wordsOf({ of, member })),
    )
    expect(silent.map(place)).toEqual([])
  })

  it('says the unit, for every option that is a number', () => {
    const silent = members.filter(
      ({ of, member }) =>
        isOption(of) && /\bnumber\b/.test(member.type) && !unit.test(wordsOf({ of, member })),
    )
    expect(silent.map(place)).toEqual([])
  })

  it('says what is thrown, for every function that takes options', () => {
    const silent = all.filter(
      ({ kind, code, doc }) =>
        kind === 'function' && /\w+(Options|Limits)\b/.test(code) && doc.throws.length === 0,
    )
    // a stage checks what is opened on it
    expect(silent.map(({ name }) => name)).toEqual(['stage'])
  })

  it('links only to names that can be imported, and to members', () => {
    const known = new Set([...all, ...members.map(({ member }) => member)].map(({ name }) => name))
    const lost = [...all, ...members.map(({ member }) => member)].flatMap(({ name, doc }) =>
      Array.from(doc.text.matchAll(/\{@link (\w+)/g), ([, to = '']) => `${name} → ${to}`).filter(
        each => !known.has(each.split(' → ')[1] ?? ''),
      ),
    )
    expect(lost).toEqual([])
  })
})

// what is said of a group holds for its members
function wordsOf({ of, member }: { of: Exported; member: Member }): string {
  const group = of.members.find(({ name }) => member.name.startsWith(`${name}.`))
  return [of.doc.text, group?.doc.text, member.doc.text].join('\n')
}
