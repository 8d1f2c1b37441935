import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const src = new URL('../src/', import.meta.url)

// A new file at the top is a leaf only when this says so.
const leaves = [
  'batch.ts',
  'clock.ts',
  'close.ts',
  'codec.ts',
  'compression.ts',
  'emitter.ts',
  'ending.ts',
  'errors.ts',
  'fragments.ts',
  'http-header.ts',
  'json.ts',
  'on.ts',
  'option.ts',
  'prepare.ts',
  'published.ts',
  'random.ts',
  'report.ts',
  'schema.ts',
  'socket.ts',
  'ws-socket.ts',
]

/** Which rooms a room may import from, besides itself. */
const open: Readonly<Record<string, readonly string[]>> = {
  leaf: [],
  connection: ['leaf'],
  client: ['leaf', 'connection'],
  server: ['leaf', 'connection'],
  hub: ['leaf', 'connection'],
  inspect: ['leaf', 'connection'],
  testing: ['leaf', 'connection', 'client', 'server', 'hub'],
  index: ['leaf', 'connection', 'client', 'server', 'hub', 'inspect'],
  command: ['leaf', 'connection', 'client'],
}

/** The only files that know `ws`: its adapter, and what asks it for the upgrade. */
const adapters = [
  'client/node-socket.ts',
  'server/decline.ts',
  'server/upgrader.ts',
  'ws-socket.ts',
]

interface Import {
  readonly from: string
  /** A file of `src`, or the name of a package. */
  readonly to: string
  /** The names taken; `*` for all of them. */
  readonly names: readonly string[]
  /** Gone when compiled. */
  readonly erased: boolean
  /** The condition under which it leads there, of several. */
  readonly condition?: string
}

const manifest = JSON.parse(readFileSync(new URL('../package.json', src), 'utf8')) as Record<
  'dependencies' | 'peerDependencies',
  Record<string, string>
> & { imports: Record<string, Record<string, string>> }

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => file.endsWith('.ts'))
const imports = files.flatMap(importsOf)

function importsOf(from: string): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, names: readonly string[], erased: boolean) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) {
      throw new Error(`${from} imports something that is not spelled out`)
    }
    for (const [condition, target] of Object.entries(manifest.imports[specifier.text] ?? {})) {
      const to = target.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts')
      found.push({ from, to, names, erased, condition })
    }
    if (specifier.text in manifest.imports) return
    const to = specifier.text.startsWith('.')
      ? posix.join(posix.dirname(from), specifier.text).replace(/\.js$/, '.ts')
      : specifier.text
    found.push({ from, to, names, erased })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause
      const taken = namesOf(clause?.namedBindings)
      add(
        node.moduleSpecifier,
        clause?.name ? ['default', ...taken.names] : taken.names,
        clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || (!clause?.name && taken.erased),
      )
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const taken = namesOf(node.exportClause)
      add(node.moduleSpecifier, taken.names, node.isTypeOnly || taken.erased)
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, ['*'], true)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], ['*'], false)
    }
    ts.forEachChild(node, visit)
  }
  const text = readFileSync(new URL(from, src), 'utf8')
  visit(ts.createSourceFile(from, text, ts.ScriptTarget.Latest))
  return found
}

function namesOf(bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined) {
  if (!bindings || !('elements' in bindings)) return { names: ['*'], erased: false }
  const elements: readonly ts.ImportOrExportSpecifier[] = [...bindings.elements]
  return {
    names: elements.map(({ name, propertyName }) => (propertyName ?? name).text),
    erased: elements.length > 0 && elements.every(element => element.isTypeOnly),
  }
}

function roomOf(file: string): string {
  if (file === 'index.ts') return 'index'
  if (leaves.includes(file)) return 'leaf'
  const [folder = '', rest] = file.split('/')
  return rest !== undefined && folder in open ? folder : 'none'
}

const inside = imports.filter(({ to }) => files.includes(to))
const outside = imports.filter(({ to }) => !files.includes(to))
const show = ({ from, to }: Import) => `${from} imports ${to}`

describe('the import graph', () => {
  it('is seen', () => {
    expect(files.length).toBeGreaterThan(20)
    expect(inside.length).toBeGreaterThan(files.length)
    expect(outside.map(({ to }) => to)).toEqual(
      expect.arrayContaining(['rxjs', 'xstate', 'ws', 'node:http']),
    )
    expect(leaves.filter(leaf => !files.includes(leaf))).toEqual([])
    expect(adapters.filter(adapter => !files.includes(adapter))).toEqual([])
  })

  it('has a room for every file', () => {
    expect(files.filter(file => roomOf(file) === 'none')).toEqual([])
  })

  it('resolves within src, or to a package', () => {
    expect(outside.filter(({ to }) => /^[./]/.test(to)).map(show)).toEqual([])
  })

  it('has arrows that go one way: leaves, connection, then client, server and hub, then index', () => {
    const wrong = inside.filter(({ from, to }) => {
      const [room, other] = [roomOf(from), roomOf(to)]
      return room !== other && !open[room]?.includes(other)
    })
    expect(wrong.map(show)).toEqual([])
  })

  it('has no circle of imports that are left when compiled', () => {
    const next = new Map(files.map(file => [file, [] as string[]]))
    for (const { from, to, erased } of inside) if (!erased) next.get(from)?.push(to)
    const circles: string[] = []
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path, file].join(' -> '))
      else for (const to of next.get(file) ?? []) walk(to, [...path, file])
    }
    for (const file of files) walk(file, [])
    expect(circles).toEqual([])
  })

  it('has no arrow to testing, to the command or to an index', () => {
    const wrong = inside.filter(
      ({ from, to }) =>
        (['testing', 'command'].includes(roomOf(to)) && roomOf(from) !== roomOf(to)) ||
        /(^|\/)index\.ts$/.test(to),
    )
    expect(wrong.map(show)).toEqual([])
  })

  it('keeps reader, writer, outbox, inbox and sweep apart, and from all of the machine but State', () => {
    const parts = ['reader', 'writer', 'outbox', 'inbox', 'sweep'].map(
      part => `connection/${part}.ts`,
    )
    const wholes = ['connection', 'socket-connection', 'settings'].map(
      part => `connection/${part}.ts`,
    )
    const wrong = inside.filter(({ from, to, names }) => {
      if (!parts.includes(from)) return false
      if (to === 'connection/machine.ts') return names.join() !== 'State'
      if (from === 'connection/writer.ts' && to === 'connection/outbox.ts') return false
      return [...parts, ...wholes].includes(to)
    })
    expect(wrong.map(show)).toEqual([])
    expect(inside.filter(({ from }) => parts.includes(from)).length).toBeGreaterThan(0)
  })

  it('leads to ws from its adapters only', () => {
    const users = outside.filter(({ to }) => /^ws(\/|$)/.test(to)).map(({ from }) => from)
    expect([...new Set(users)].sort()).toEqual(adapters)
  })

  it('leads to the client of a broker from the adapter of that broker only', () => {
    const users = outside.filter(({ to }) => /^(@nats-io\/|redis$|@redis\/)/.test(to))
    expect(users.map(({ from }) => from)).toEqual(['hub/nats.ts', 'hub/redis.ts'])
    const adapters = ['hub/nats.ts', 'hub/redis.ts']
    expect(inside.filter(({ to }) => adapters.includes(to)).map(show)).toEqual([])
  })

  it('leads to the public entry points of packages, and to no package that is not declared', () => {
    const { dependencies, peerDependencies } = manifest
    const packages = [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
    const declared = outside.filter(({ to }) => !to.startsWith('node:'))
    expect(declared.filter(({ to }) => to.startsWith('rxjs/internal')).map(show)).toEqual([])
    const packageOf = ({ to }: Import) => to.split('/', to.startsWith('@') ? 2 : 1).join('/')
    expect(declared.filter(each => !packages.includes(packageOf(each))).map(show)).toEqual([])
  })

  it('leads from the front door to nothing that a browser lacks', () => {
    const reached = new Set<string>()
    const walk = (file: string): void => {
      if (reached.has(file)) return
      reached.add(file)
      for (const { from, to, erased, condition = 'browser' } of imports) {
        if (from === file && !erased && condition === 'browser') walk(to)
      }
    }
    walk('index.ts')
    const lacking = ['ws', ...builtinModules]
    expect([...reached].filter(each => each.startsWith('node:') || lacking.includes(each))).toEqual(
      [],
    )
    expect([...reached]).toContain('client/browser-socket.ts')
  })
})
