/** Origin: which pages may open a connection. The ready-made answers for `checkOrigin`. */

import type { IncomingMessage } from 'node:http'

/**
 * Called for every request; anything but `true` refuses it with 403 (RFC 6455, section 10.2). `own`
 * is the origin under which this server was asked.
 */
export type CheckOrigin = (request: IncomingMessage, own: string | undefined) => boolean

/** Every page on the web may connect, also one opened from a file. */
export const anyOrigin: CheckOrigin = () => true

/**
 * The default: only pages that this very server could have sent: same scheme, host and port as the
 * request was made to. A request without `Origin` does not come from a page, and may connect.
 */
export const sameOrigin: CheckOrigin = ({ headers: { origin } }, own) =>
  origin === undefined || (own !== undefined && own === parseOrigin(origin))

/**
 * Only pages of these origins, each `scheme://host` with its port where it is not the scheme's own.
 * `*.` in front of the host stands for all names below it, `:*` for every port; `'null'` for pages
 * without an origin, such as files. A request without `Origin` does not come from a page, and may
 * connect.
 *
 * @throws {TypeError} for what is not an origin, such as an address with a path.
 */
export function origins(...allowed: readonly string[]): CheckOrigin {
  const patterns = allowed.map(each => {
    const pattern = readPattern(each)
    if (pattern) return pattern
    throw new TypeError(
      `origins: '${each}' is not an origin like 'https://example.org', 'https://*.example.org', ` +
        `'http://localhost:*' or 'null'`,
    )
  })
  return ({ headers: { origin } }) =>
    origin === undefined || patterns.some(matches => matches(origin))
}

/**
 * Refuses what does not come from a page as well: requests without `Origin`. What pages may connect
 * is left to `check`.
 */
export function pagesOnly(check: CheckOrigin = sameOrigin): CheckOrigin {
  return (request, own) => request.headers.origin !== undefined && check(request, own)
}

function readPattern(text: string): ((origin: string) => boolean) | undefined {
  if (text === 'null') return origin => origin === 'null'
  // '*' is no character of a name: a plain one stands for it while the rest is read
  const [, scheme = '', below, host = '', port] =
    /^([a-z][a-z\d+.-]*:\/\/)(\*\.)?([^*]*?)(:\*)?$/i.exec(text) ?? []
  const known = parseOrigin(scheme + host)
  if (known === undefined) return undefined
  if (below === undefined && port === undefined) return origin => parseOrigin(origin) === known
  const { protocol, hostname, port: ownPort } = new URL(known)
  return origin => {
    const given = parseOrigin(origin)
    if (given === undefined) return false
    const url = new URL(given)
    return (
      url.protocol === protocol &&
      (below === undefined ? url.hostname === hostname : url.hostname.endsWith(`.${hostname}`)) &&
      (port !== undefined || url.port === ownPort)
    )
  }
}

/** The origin in its one spelling; `undefined` for anything that is more, or less, than one. */
export function parseOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { origin, protocol, host, pathname, search, hash, username, password } = new URL(text)
  const rest = search + hash + username + password
  if (rest !== '' || text.endsWith('/')) return undefined
  if (origin !== 'null') return pathname === '/' ? origin : undefined
  // an app's own scheme, such as that of Capacitor, Tauri, or an extension, has none for URL
  return host !== '' && pathname === '' ? `${protocol}//${host}` : undefined
}
