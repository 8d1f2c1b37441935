/** The page of every name that users can import: docs/api.md, made of the doc comments. */

import { format } from 'prettier'
import manifest from '../../package.json' with { type: 'json' }
import { anchors } from './anchors.js'
import { type Doc, type Exported, exportedNames, type Member } from './exported.js'

const head = `# The API

\`\`\`ts
import { serve } from 'rivulet/server'

serve({ port: 8081 }, ({ messages }) => messages)
\`\`\`

Every name that can be imported, and what its source says of it. The other pages tell how the names go together.

<!-- generated: by the tests of test/docs; UPDATE_DOCS=1 writes it anew -->
`

/** The page, as it should be. */
export async function apiPage(): Promise<string> {
  const entries = exportedNames()
  const places = placesOf(entries)
  const parts = [...entries].map(([entry, names]) => {
    const own = names.filter(name => places.get(name.name)?.entry === entry)
    const others = names.filter(name => !own.includes(name)).map(({ name }) => name)
    return [
      `## \`${entry}\``,
      contents(own, places),
      others.length > 0 && `Also ${others.map(name => link(name, places)).join(', ')}.`,
      ...own.flatMap(each => section(each, places)),
    ]
  })
  const text = [head, ...parts.flat()].filter(part => part !== false && part !== '').join('\n\n')
  const { semi, singleQuote, printWidth } = manifest.prettier
  const options = {
    semi,
    singleQuote,
    printWidth,
    arrowParens: 'avoid',
    parser: 'markdown',
  } as const
  // the braces are there for the formatting
  return (await format(text, options)).replaceAll(' {}\n```', '\n```')
}

type Places = ReadonlyMap<string, { readonly entry: string; readonly anchor: string }>

function placesOf(entries: ReadonlyMap<string, readonly Exported[]>): Places {
  const places = new Map<string, { entry: string; anchor: string }>()
  const anchorFor = anchors()
  anchorFor('The API')
  for (const [entry, names] of entries) {
    anchorFor(entry)
    for (const { name } of names) {
      if (!places.has(name)) places.set(name, { entry, anchor: anchorFor(name) })
    }
  }
  return places
}

const kinds = [
  ['functions', 'function'],
  ['constants', 'constant'],
  ['classes', 'class'],
  ['types', 'interface', 'type'],
] as const

function contents(names: readonly Exported[], places: Places): string {
  const lines = kinds.map(([title, ...of]) => {
    const found = names.filter(({ kind }) => (of as readonly string[]).includes(kind))
    const links = found.map(({ name }) => link(name, places))
    return links.length > 0 && `- ${title}: ${links.join(', ')}`
  })
  return lines.filter(line => line !== false).join('\n')
}

function section({ name, doc, code, parents, members }: Exported, places: Places): string[] {
  const above = parents.filter(each => places.has(each)).map(each => link(each, places))
  return [
    `### \`${name}\``,
    said(doc, places),
    `\`\`\`ts\n${code}\n\`\`\``,
    above.length > 0 ? `It has what ${above.join(' and ')} has.` : '',
    members.map(each => item(each, places)).join('\n'),
  ]
}

function item({ name, doc, type, optional }: Member, places: Places): string {
  const what = optional ? `\`${name}?\`` : `\`${name}\``
  const words = said(doc, places).replaceAll('\n\n', '\n\n  ')
  return `- **${what}** \`${type}\`${words && `\\\n  ${words}`}`
}

function said({ text, throws }: Doc, places: Places): string {
  const paragraphs = text.split(/\n\s*\n/).map(each => each.replace(/\s*\n\s*/g, ' '))
  const thrown = throws.map(each => `Throws ${each.replace(/\s*\n\s*/g, ' ')}`)
  return [...paragraphs, ...thrown]
    .filter(part => part !== '')
    .map(part => linked(part, places))
    .join('\n\n')
}

function linked(text: string, places: Places): string {
  return text
    .replace(/\{@link (\w+)\s*\}/g, (_, name: string) => link(name, places))
    .replace(/^Throws \{(\w+)\}/, (_, name: string) => `Throws ${link(name, places)}`)
}

function link(name: string, places: Places): string {
  const place = places.get(name)
  return place ? `[\`${name}\`](#${place.anchor})` : `\`${name}\``
}
