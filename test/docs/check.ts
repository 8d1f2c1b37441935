/** Checks the types of code blocks as the project checks its own. */

import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { type Block, moduleOf, placeOf } from './blocks.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What is wrong, each with its page and line. */
export function problemsOf(blocks: readonly Block[]): string[] {
  const project = ts.readConfigFile(`${root}tsconfig.json`, file => ts.sys.readFile(file))
  const { options } = ts.parseJsonConfigFileContent(project.config, ts.sys, root, {
    // a block without an import is a module too: its names are its own
    moduleDetection: ts.ModuleDetectionKind.Force,
  })
  // one file for each block, beside its page, that is nowhere on the disk
  const sources = new Map(blocks.map(block => [`${root}${block.file}.${block.line}.ts`, block]))
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  const codeOf = (file: string) => {
    const block = sources.get(file)
    return block && moduleOf(block)
  }
  host.fileExists = file => sources.has(file) || disk.fileExists(file)
  host.readFile = file => codeOf(file) ?? disk.readFile(file)
  host.getSourceFile = (file, ...rest) => {
    const code = codeOf(file)
    if (code === undefined) return disk.getSourceFile(file, ...rest)
    return ts.createSourceFile(file, code, rest[0])
  }
  const program = ts.createProgram([...sources.keys()], options, host)

  const unplaced = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()]
  return [
    ...unplaced.map(({ messageText }) => flat(messageText)),
    ...[...sources].flatMap(([file, block]) => {
      const source = program.getSourceFile(file)
      if (!source) return [`${placeOf(block, 0)} was not checked`]
      return [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ].map(({ start = 0, messageText }) => {
        const { line } = source.getLineAndCharacterOfPosition(start)
        return `${placeOf(block, line)} ${flat(messageText)}`
      })
    }),
  ]
}

const flat = (message: string | ts.DiagnosticMessageChain) =>
  ts.flattenDiagnosticMessageText(message, '\n')
