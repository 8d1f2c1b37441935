/** Upgrade: whether a request may become a connection, and the HTTP answer when it may not. */

import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import type { CheckOrigin } from './origin.js'

/** An HTTP answer instead of a connection. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

const notWebSocket: Refusal = {
  status: 426,
  message: 'This address speaks WebSocket only',
  headers: { Upgrade: 'websocket', Connection: 'Upgrade, close' },
}

const key = /^[+/0-9A-Za-z]{22}==$/

/** What RFC 6455, section 4.2.1, asks of an opening handshake; `undefined` when all is well. */
export function checkHandshake(request: IncomingMessage): Refusal | undefined {
  const { method, headers, httpVersionMajor, httpVersionMinor } = request
  if (method !== 'GET') {
    return { status: 405, message: 'A WebSocket opens with GET', headers: { Allow: 'GET' } }
  }
  if (httpVersionMajor !== 1 || httpVersionMinor < 1) {
    return { status: 400, message: 'A WebSocket opens with HTTP/1.1' }
  }
  // its bytes would be read as frames
  if ('transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0') {
    return { status: 400, message: 'A WebSocket opens without a body' }
  }
  if (headers.host === undefined) return { status: 400, message: 'The Host header is missing' }
  if (headers.upgrade?.toLowerCase() !== 'websocket') return notWebSocket
  if (!tokens(headers.connection).includes('upgrade')) {
    return { status: 400, message: 'The Connection header lacks "upgrade"' }
  }
  if (headers['sec-websocket-version'] !== '13') {
    return {
      status: 426,
      message: 'Only version 13 of WebSocket is spoken here',
      headers: { ...notWebSocket.headers, 'Sec-WebSocket-Version': '13' },
    }
  }
  if (!key.test(headers['sec-websocket-key'] ?? '')) {
    return { status: 400, message: 'Sec-WebSocket-Key is missing or malformed' }
  }
  return undefined
}

/** Asks the application; its own errors are a 500 and tell the peer nothing. */
export function checkOriginOf(
  request: IncomingMessage,
  own: string | undefined,
  check: CheckOrigin,
): Refusal | undefined {
  let allowed: unknown
  try {
    allowed = check(request, own)
  } catch (cause) {
    return internalError('checkOrigin', cause)
  }
  // a promise is truthy too: only true is yes
  return allowed === true ? undefined : { status: 403, message: 'This origin may not connect' }
}

/** A hook of the application threw: said to the process, and not to the peer. */
export function internalError(hook: string, cause: unknown): Refusal {
  process.emitWarning(`${hook} threw ${inspect(cause)}`)
  return { status: 500, message: 'Internal error' }
}

/** The path of a request target, without its query; `undefined` for one that is not a path. */
export function pathOf(request: IncomingMessage): string | undefined {
  const target = request.url ?? ''
  return target.startsWith('/') ? target.replace(/[?#].*$/s, '') : undefined
}

/** Answers on the bare socket of an upgrade request, and closes it. */
export function turnAway(socket: Duplex, { status, message, headers }: Refusal): void {
  const body = `${message}\n`
  const lines = Object.entries({
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}

function tokens(header: string | undefined): string[] {
  return (header ?? '').split(',').map(token => token.trim().toLowerCase())
}
