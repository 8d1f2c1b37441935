/** Origin: which pages may open a connection. The ready-made answers for `checkOrigin`. */

import type { IncomingMessage } from 'node:http'

/** Called for every request; anything but `true` refuses it with 403 (RFC 6455, section 10.2). */
export type CheckOrigin = (request: IncomingMessage) => boolean

/** Every page on the web may connect, also one opened from a file. */
export const anyOrigin: CheckOrigin = () => true

/**
 * The default: only pages that this very server could have sent: same scheme, host and port as the
 * request was made to. A request without `Origin` does not come from a page, and may connect.
 */
export const sameOrigin: CheckOrigin = request => {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  const scheme = 'encrypted' in request.socket ? 'https' : 'http'
  const own = parseOrigin(`${scheme}://${host ?? ''}`)
  return own !== undefined && own === parseOrigin(origin)
}

/**
 * Only pages of these origins, each `scheme://host` with its port where it is not the scheme's
 * own; `'null'` stands for pages without an origin, such as files. A request without `Origin` does
 * not come from a page, and may connect.
 *
 * @throws {TypeError} for what is not an origin, such as an address with a path.
 */
export function origins(...allowed: readonly string[]): CheckOrigin {
  const known = new Set(
    allowed.map(each => {
      const origin = each === 'null' ? each : parseOrigin(each)
      if (origin !== undefined) return origin
      throw new TypeError(`origins: '${each}' is not an origin like 'https://example.org'`)
    }),
  )
  return ({ headers: { origin } }) =>
    origin === undefined || known.has(origin === 'null' ? origin : (parseOrigin(origin) ?? ''))
}

/** The origin in its one spelling; `undefined` for anything that is more, or less, than one. */
function parseOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { origin, pathname, search, hash, username, password } = new URL(text)
  const rest = search + hash + username + password
  return origin !== 'null' && pathname === '/' && rest === '' && !text.endsWith('/')
    ? origin
    : undefined
}
