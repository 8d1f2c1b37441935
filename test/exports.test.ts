import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every name that users can import. A name that leaves this list, or changes sides, breaks them. */
const expected: Record<string, { values: string[]; types: string[] }> = {
  '.': {
    values: [
      'ApplicationError',
      'BrokerError',
      'CloseCode',
      'ClosedError',
      'CodecError',
      'ConnectionLostError',
      'HandshakeError',
      'HeartbeatError',
      'OverflowError',
      'ProtocolError',
      'RateError',
      'RivuletError',
      'TimeoutError',
      'binary',
      'connect',
      'createHub',
      'dialWith',
      'endings',
      'fragments',
      'inspect',
      'isClean',
      'isSendable',
      'json',
      'latest',
      'mayReconnect',
      'memoryBroker',
      'metrics',
      'on',
      'prepare',
      'reconnect',
      'retryAfter',
      'session',
      'text',
      'throwUnclean',
    ],
    types: [
      'Address',
      'Answer',
      'BacklogOptions',
      'Broker',
      'BrokerStatus',
      'ClientLimits',
      'Close',
      'CloseView',
      'Codec',
      'CodecIssue',
      'CompressionOptions',
      'ConnectOptions',
      'Connection',
      'ConnectionActor',
      'ConnectionLabel',
      'ConnectionOptions',
      'ConnectionSample',
      'ConnectionView',
      'Counts',
      'Dial',
      'DialRequest',
      'DurationCounts',
      'Ending',
      'Flow',
      'FlowSnapshot',
      'Fragments',
      'Handler',
      'Handshake',
      'HeartbeatOptions',
      'HttpAgent',
      'Hub',
      'HubFlow',
      'HubLimits',
      'HubOptions',
      'InboxOptions',
      'InputOf',
      'InspectOptions',
      'Inspectable',
      'InspectableServer',
      'Inspection',
      'JsonOptions',
      'Known',
      'Latest',
      'Members',
      'MemoryBroker',
      'Message',
      'MessageView',
      'Metrics',
      'OnInvalid',
      'OutboxOptions',
      'OutputOf',
      'Overflow',
      'Phase',
      'Prepared',
      'Presence',
      'Random',
      'RateOptions',
      'Reach',
      'ReconnectOptions',
      'Reconnectable',
      'Retry',
      'SchemaIssue',
      'SchemaResult',
      'Schemas',
      'Sendable',
      'Session',
      'SessionBacklog',
      'SessionOptions',
      'Socket',
      'SocketClose',
      'SocketEvents',
      'StandardSchema',
      'StandardWebSocket',
      'StandardWebSocketClass',
      'State',
      'Tagged',
      'Timeouts',
      'TlsOptions',
      'Topic',
      'TopicOptions',
      'Waiting',
      'Writer',
    ],
  },
  './nats': { values: ['nats'], types: ['Broker', 'BrokerOptions', 'BrokerStatus'] },
  './redis': { values: ['redis'], types: ['Broker', 'BrokerOptions', 'BrokerStatus'] },
  './server': {
    values: ['accept', 'anyOrigin', 'origins', 'pagesOnly', 'refuse', 'sameOrigin', 'serve'],
    types: [
      'AcceptOptions',
      'Authenticate',
      'CheckOrigin',
      'DrainOptions',
      'DrainProgress',
      'Limits',
      'Protocols',
      'RefuseOptions',
      'Refused',
      'RequestListener',
      'ServeOptions',
      'Server',
      'UpgradeServer',
      'Verdict',
    ],
  },
  './testing': {
    values: ['like', 'stage', 'virtualTime'],
    types: [
      'ConnectingOptions',
      'Duration',
      'Expectation',
      'Frame',
      'Link',
      'LinkOptions',
      'OneEnded',
      'OneEndedOptions',
      'Opening',
      'Peer',
      'Recording',
      'Report',
      'Stage',
      'StageOptions',
      'VirtualServer',
      'VirtualServerOptions',
      'VirtualTime',
      'VirtualTimeOptions',
      'WireOptions',
    ],
  },
}

const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, string | { types: string }>
}

const entries = Object.entries(manifest.exports).flatMap(([entry, target]) =>
  // the manifest itself, and styles or the like, have no names
  typeof target === 'string'
    ? []
    : [{ entry, file: target.types.replace(/^\.\/dist\/(.*)\.d\.ts$/, `${root}src/$1.ts`) }],
)

const program = ts.createProgram(
  entries.map(({ file }) => file),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, noEmit: true, types: [] },
)
const checker = program.getTypeChecker()

function namesOf(file: string): { values: string[]; types: string[] } {
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (!module) throw new Error(`${file} is not a module`)
  const names = { values: [] as string[], types: [] as string[] }
  for (const symbol of checker.getExportsOfModule(module)) {
    const typeOnly = symbol.declarations?.some(
      node => ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly),
    )
    const aliased = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    const value = !typeOnly && (aliased.flags & ts.SymbolFlags.Value) !== 0
    names[value ? 'values' : 'types'].push(symbol.name)
  }
  return { values: names.values.sort(), types: names.types.sort() }
}

describe('the exported names', () => {
  it('are listed for every entry point', () => {
    expect(entries.map(({ entry }) => entry).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(entries)('of $entry are those of its list', ({ entry, file }) => {
    expect(namesOf(file)).toEqual(expected[entry])
  })

  it.each(entries)('of $entry that are values are there when it runs', async ({ entry, file }) => {
    const loaded = (await import(file)) as Record<string, unknown>
    expect(Object.keys(loaded).sort()).toEqual(expected[entry]?.values)
  })
})
