/** What users can import, with the words that its source says of it. */

import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { root } from './check.js'

/** A name that an entry point exports. */
export interface Exported {
  readonly name: string
  readonly doc: Doc
  /** As it stands in the source, without comments, bodies and what is private. */
  readonly code: string
  /** Members of an interface, a class, or an object of constants; those of a literal by their path. */
  readonly members: readonly Member[]
  /** What an interface or a class extends. */
  readonly parents: readonly string[]
  readonly kind: 'function' | 'constant' | 'class' | 'interface' | 'type'
}

/** A member that users see. */
export interface Member {
  readonly name: string
  readonly doc: Doc
  readonly type: string
  readonly optional: boolean
}

/** A doc comment. */
export interface Doc {
  readonly text: string
  readonly throws: readonly string[]
}

const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, string | { types: string }>
}

/** Each entry point, as users write it, with what it exports. */
export function exportedNames(): Map<string, Exported[]> {
  const files = Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target === 'string') return []
    const file = target.types.replace(/^\.\/dist\/(.*)\.d\.ts$/, `${root}src/$1.ts`)
    return [[entry.replace('.', 'rivulet'), file] as const]
  })
  const project = ts.readConfigFile(`${root}tsconfig.json`, path => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(project.config, ts.sys, root)
  const program = ts.createProgram(
    files.map(([, file]) => file),
    options,
  )
  const checker = program.getTypeChecker()
  return new Map(
    files.map(([entry, file]) => {
      const source = program.getSourceFile(file)
      const module = source && checker.getSymbolAtLocation(source)
      if (!module) throw new Error(`${file} is not a module`)
      const names = checker.getExportsOfModule(module).map(symbol => read(symbol, checker))
      return [entry, names.sort((a, b) => a.name.localeCompare(b.name, 'en'))]
    }),
  )
}

function read(symbol: ts.Symbol, checker: ts.TypeChecker): Exported {
  const { name } = symbol
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const declarations = original.declarations ?? []
  const [node] = declarations
  if (!node) throw new Error(`${name} is declared nowhere`)
  const base = { name, doc: docOf(original, checker), parents: parentsOf(node) }
  if (ts.isFunctionDeclaration(node)) {
    const signatures = declarations.filter(ts.isFunctionDeclaration)
    // the one with a body is no offer where there are overloads
    const offered = signatures.length > 1 ? signatures.filter(each => !each.body) : signatures
    const code = offered.map(each => textOf(each, each.body)).join('\n')
    return { ...base, code, members: [], kind: 'function' }
  }
  if (ts.isVariableDeclaration(node)) {
    const callable = checker.getTypeOfSymbol(original).getCallSignatures().length > 0
    if (node.initializer && ts.isAsExpression(node.initializer)) {
      const members = membersOf(checker.getTypeOfSymbol(original).getProperties(), checker)
      return { ...base, code: `const ${name}: { … }`, members, kind: 'constant' }
    }
    const type = node.type?.getText() ?? checker.typeToString(checker.getTypeOfSymbol(original))
    const code = `const ${name}: ${type}`
    return { ...base, code, members: [], kind: callable ? 'function' : 'constant' }
  }
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) {
    const own = node.members.flatMap(member => {
      if (ts.isConstructorDeclaration(member)) return []
      if (ts.isClassElement(member) && hidden(member)) return []
      if (!member.name) return []
      const found = checker.getSymbolAtLocation(member.name)
      return found ? [found] : []
    })
    const members = membersOf([...new Set(own)], checker)
    const kind = ts.isClassDeclaration(node) ? 'class' : 'interface'
    return { ...base, code: headOf(node), members, kind }
  }
  if (ts.isTypeAliasDeclaration(node)) {
    const literal = ts.isTypeLiteralNode(node.type)
    const members = literal
      ? membersOf(checker.getTypeAtLocation(node).getProperties(), checker)
      : []
    return { ...base, code: textOf(node), members, kind: 'type' }
  }
  throw new Error(`${name} is of no kind that is known here`)
}

function hidden(member: ts.ClassElement): boolean {
  const flags = ts.getCombinedModifierFlags(member)
  if (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return true
  if (ts.canHaveModifiers(member)) {
    // an error's name is that of its class
    if (member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.OverrideKeyword)) return true
  }
  return member.name !== undefined && ts.isPrivateIdentifier(member.name)
}

function membersOf(symbols: readonly ts.Symbol[], checker: ts.TypeChecker): Member[] {
  return symbols.flatMap(symbol => {
    const node = symbol.declarations?.[0]
    if (!node || symbol.name.startsWith('__@')) return []
    const optional = (symbol.flags & ts.SymbolFlags.Optional) !== 0
    const member = { name: symbol.name, doc: docOf(symbol, checker), optional }
    const typed = 'type' in node ? (node.type as ts.TypeNode | undefined) : undefined
    if (typed && ts.isPropertySignature(node) && inner(typed)) {
      const below = membersOf(checker.getTypeAtLocation(inner(typed)!).getProperties(), checker)
      const path = (name: string) => `${symbol.name}.${name}`
      const nested = below.map(each => ({ ...each, name: path(each.name) }))
      return [{ ...member, type: 'object' }, ...nested]
    }
    return [{ ...member, type: typeOf(node, typed, symbol, checker) }]
  })
}

// `outbox?: { bytes?: number } | undefined`
function inner(type: ts.TypeNode): ts.TypeLiteralNode | undefined {
  if (ts.isTypeLiteralNode(type)) return type
  return ts.isUnionTypeNode(type) ? type.types.find(ts.isTypeLiteralNode) : undefined
}

function typeOf(
  node: ts.Declaration,
  typed: ts.TypeNode | undefined,
  symbol: ts.Symbol,
  checker: ts.TypeChecker,
): string {
  if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node)) {
    const parameters = node.parameters
      .filter(({ name }) => name.getText() !== 'this')
      .map(each => textOf(each))
    return flat(`(${parameters.join(', ')}) => ${node.type?.getText() ?? 'void'}`)
  }
  const text = typed?.getText() ?? checker.typeToString(checker.getTypeOfSymbol(symbol))
  // said by the question mark already
  return flat(text.replace(/ \| undefined$/, match => ('questionToken' in node ? '' : match)))
}

const flat = (code: string) => code.replace(/\s+/g, ' ').replaceAll('"', "'")

/** Of an interface or a class, without its members. */
function headOf(node: ts.InterfaceDeclaration | ts.ClassDeclaration): string {
  const open = node.getChildren().find(({ kind }) => kind === ts.SyntaxKind.OpenBraceToken)
  const source = node.getSourceFile().text
  return bare(source.slice(node.getStart(), open?.getStart())) + ' {}'
}

function textOf(node: ts.Node, end?: ts.Node): string {
  const source = node.getSourceFile().text
  return bare(source.slice(node.getStart(), end?.getStart() ?? node.end))
}

const bare = (code: string) => code.replace(/^export (default )?/, '').trim()

function parentsOf(node: ts.Declaration): string[] {
  if (!ts.isInterfaceDeclaration(node) && !ts.isClassDeclaration(node)) return []
  const clauses = node.heritageClauses ?? []
  return clauses.flatMap(({ types }) => types.map(({ expression }) => expression.getText()))
}

function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): Doc {
  const throws = symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === 'throws')
    .map(tag => joined(tag.text))
  return { text: joined(symbol.getDocumentationComment(checker)), throws }
}

const joined = (parts: readonly ts.SymbolDisplayPart[] = []) =>
  parts
    .map(({ text }) => text)
    .join('')
    .trim()
