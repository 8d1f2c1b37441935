/** Both halves of an opening handshake, written by hand. */

import { createHash } from 'node:crypto'

/** An opening handshake; a header that is `undefined` is left out. */
export function upgradeRequest({
  method = 'GET',
  path = '/',
  version = '1.1',
  headers = {},
}: {
  method?: string
  path?: string
  version?: string
  headers?: Record<string, string | undefined>
} = {}): string {
  const all: Record<string, string | undefined> = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  )
  return `${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n`
}

/** The head that accepts a handshake; a header that is `undefined` is left out. */
export function switching(key: string, headers: Record<string, string | undefined> = {}): string {
  // RFC 6455, section 1.3
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  const all: Record<string, string | undefined> = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': accept.digest('base64'),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  )
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`
}
