/** Arguments: what the program is asked for, read at the door. */

import { parseArgs } from 'node:util'
import { headerValue, token } from '../http-header.js'
import type { BinaryForm } from './bytes.js'

/** What `rivulet connect` is asked for; times in ms. */
export interface ConnectArguments {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly protocols: readonly string[]
  readonly handshakeTimeout: number | undefined
  readonly reconnect: boolean
  readonly json: boolean
  readonly binary: BinaryForm | undefined
  /** After so many messages it closes. */
  readonly count: number
  /** How long nothing has to come, when the input has ended; `undefined` where nobody said. */
  readonly wait: number | 'forever' | undefined
}

/** What was asked for makes no sense: the message says why, and shows no secret. */
export class UsageError extends Error {}

const options = {
  binary: { type: 'string', short: 'b' },
  count: { type: 'string', short: 'n' },
  header: { type: 'string', short: 'H', multiple: true },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean', short: 'j' },
  origin: { type: 'string' },
  reconnect: { type: 'boolean', short: 'r' },
  subprotocol: { type: 'string', short: 's', multiple: true },
  timeout: { type: 'string' },
  version: { type: 'boolean' },
  wait: { type: 'string', short: 'w' },
} as const

/** @throws {UsageError} for what makes no sense. */
export function readArguments(args: readonly string[]): ConnectArguments | 'help' | 'version' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (values.version) return 'version'
  const [command, url, ...rest] = positionals
  if (command === undefined) throw new UsageError('What is to be done? There is: connect <url>.')
  // not the value: it may be an address with a password
  if (command !== 'connect') throw new UsageError('The one thing that it does is: connect <url>.')
  if (url === undefined) throw new UsageError('Where to? connect <url> takes an address.')
  if (rest.length > 0) throw new UsageError('connect takes one address; quote what has spaces.')
  return {
    url: readUrl(url),
    headers: readHeaders(values.header ?? [], values.origin),
    protocols: values.subprotocol ?? [],
    handshakeTimeout: readTime('--timeout', values.timeout, false),
    reconnect: values.reconnect ?? false,
    json: values.json ?? false,
    binary: readForm(values.binary),
    count: readCount(values.count),
    wait: values.wait === 'forever' ? 'forever' : readTime('--wait', values.wait, true),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    // behind the first sentence comes advice about dashes that fits nothing here
    const [sentence = ''] = (error as Error).message.split(/\. |\n/)
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`)
  }
}

function readUrl(text: string): string {
  if (/^(wss?|https?):\/\//i.test(text)) {
    if (URL.canParse(text)) return text
    throw new UsageError('The address is not a URL.')
  }
  throw new UsageError('An address begins with ws:// or wss://, such as ws://localhost:8081/ws.')
}

function readHeaders(given: readonly string[], origin: string | undefined) {
  const headers: Record<string, string> = {}
  const add = (option: string, name: string, value: string) => {
    if (!headerValue.test(value))
      throw new UsageError(`${option}: ${name} has a value of one line.`)
    const key = name.toLowerCase()
    const before = headers[key]
    // RFC 9110, section 5.3, and RFC 6265, section 5.4
    headers[key] = before === undefined ? value : before + (key === 'cookie' ? '; ' : ', ') + value
  }
  for (const each of given) {
    const [, name = '', value = ''] = /^([^:]*):\s*([^]*?)\s*$/.exec(each) ?? []
    // not the text: it may be a secret without its name
    if (!token.test(name)) throw new UsageError(`--header takes 'Name: value'.`)
    add('--header', name, value)
  }
  if (origin !== undefined) add('--origin', 'origin', origin)
  return headers
}

function readTime(option: string, text: string | undefined, zero: boolean): number | undefined {
  if (text === undefined) return undefined
  const milliseconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : NaN
  if (milliseconds < 2 ** 31 && (zero || milliseconds > 0)) return milliseconds
  const least = zero ? 'from 0' : 'more than 0'
  const other = zero ? ', or forever' : ''
  throw new UsageError(`${option} takes seconds, ${least} and less than 2147483${other}.`)
}

function readForm(text: string | undefined): BinaryForm | undefined {
  if (text === undefined || text === 'hex' || text === 'base64') return text
  throw new UsageError('--binary takes hex or base64.')
}

function readCount(text: string | undefined): number {
  if (text === undefined) return Infinity
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new UsageError('--count takes a whole number from 1.')
}
