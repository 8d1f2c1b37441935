/** Address: where a client connects to, known at once or asked for anew before each attempt. */

import { defer, from, isObservable, map, type Observable, of, take, throwIfEmpty } from 'rxjs'
import { refused } from '../option.js'

/**
 * A URL of the scheme `ws`, `wss`, `http` or `https`; in a page also one that is relative to it. A
 * function is called for each connection, as for a fresh token; of an Observable the first value
 * counts.
 */
export type Address =
  string | URL | (() => string | URL | PromiseLike<string | URL> | Observable<string | URL>)

// a page has both, a worker the second, Node none
declare const document: { readonly baseURI: string } | undefined
declare const location: { readonly href: string } | undefined

const schemes: Readonly<Record<string, string>> = {
  'ws:': 'ws:',
  'wss:': 'wss:',
  'http:': 'ws:',
  'https:': 'wss:',
}

/**
 * The address as an Observable of one value, whole and of the scheme `ws` or `wss`; asked for at
 * each subscription.
 *
 * @throws {TypeError} for one that is none; one that a function gives is an error of the Observable.
 */
export function readAddress(name: string, address: Address): Observable<string> {
  if (typeof address !== 'function') return of(parse(name, address))
  return defer(() => {
    const given = address()
    if (isObservable(given)) return given
    return isPromise(given) ? from(given) : of(given)
  }).pipe(
    take(1),
    throwIfEmpty(() => new TypeError(`${name}: the function gave none`)),
    map(each => parse(name, each)),
  )
}

function parse(name: string, address: unknown): string {
  const base =
    typeof document === 'undefined'
      ? typeof location === 'undefined'
        ? undefined
        : location.href
      : document.baseURI
  const text = address instanceof URL ? address.href : address
  const allowed = 'a URL of ws:, wss:, http: or https:, without a fragment'
  if (typeof text !== 'string') return refused(name, text, allowed)
  if (!URL.canParse(text, base)) return refused(name, withoutSecrets(text), allowed)
  const url = new URL(text, base)
  const scheme = schemes[url.protocol]
  if (scheme === undefined || url.hash !== '') return refused(name, withoutSecrets(text), allowed)
  url.protocol = scheme
  return url.href
}

// passwords and tokens are not for the log
function withoutSecrets(text: string): string {
  return text.replace(/[?#][^]*$/, '…').replace(/\/\/[^]*@/, '//…@')
}

function isPromise(given: unknown): given is PromiseLike<string | URL> {
  return typeof (given as Partial<PromiseLike<string>> | undefined)?.then === 'function'
}
