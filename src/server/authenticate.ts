/** Authenticate: who wants to connect, as the application says, now or later. */

import type { IncomingMessage } from 'node:http'
import { defaultIfEmpty, defer, from, isObservable, Observable, of, take } from 'rxjs'
import { checkSendable, cutReason } from '../close.js'
import { headerValue, token } from '../http-header.js'
import { group, refused, text, whole } from '../option.js'

/**
 * Says who a request comes from: a principal of any type, which is `handshake.principal` in the
 * handler; or that it may not connect: {@link refuse}, given or thrown; or nothing, which is a 401. `signal` is
 * aborted when the client leaves meanwhile, or it takes too long.
 */
export type Authenticate<Principal> = (
  request: IncomingMessage,
  signal: AbortSignal,
) => Verdict<Principal> | PromiseLike<Verdict<Principal>> | Observable<Verdict<Principal>>

/** What `authenticate` may give: a principal, a refusal, or nothing, which is a 401. */
export type Verdict<Principal> = Principal | Refused | undefined | null | false

/** How a request is refused. */
export interface RefuseOptions {
  /** A sentence for people, in plain text. Default `'You may not connect'`. */
  message?: string | undefined
  /** Headers of the answer, such as `WWW-Authenticate`. Default: none. */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * For pages, which can't see an HTTP status: the connection is accepted, and closed at once with
   * this code, 4401 say, and `message` as its reason. Default: none, and the status is the answer.
   */
  closeCode?: number | undefined
}

/** Made by {@link refuse}. */
export class Refused {
  /** The HTTP status, 400 to 599. */
  readonly status: number
  /** A sentence for people. */
  readonly message: string
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>
  /** The close code that a page sees instead of the status, if it is to see one. */
  readonly closeCode: number | undefined

  constructor(status: number, options: RefuseOptions) {
    const given = group('refuse', options, ['message', 'headers', 'closeCode'])
    this.status = whole('refuse: status', status, undefined, 400, 599)
    const message = text('refuse: message', given.message, /^[^\r\n]*$/, 'a text of one line')
    this.closeCode = given.closeCode
    if (given.closeCode !== undefined) checkSendable('refuse: closeCode', given.closeCode)
    this.message = message ?? 'You may not connect'
    this.headers = readHeaders(given.headers ?? {})
  }

  /** The reason of the Close frame. */
  get reason(): string {
    return cutReason(this.message)
  }
}

function readHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    if (!token.test(name)) refused('refuse: headers', name, 'a name of a header')
    text(`refuse: headers: ${name}`, value, headerValue, 'a text of one line')
  }
  return headers
}

/**
 * An answer of `authenticate` that refuses, with an HTTP status from 400 to 599.
 *
 * @throws {TypeError} for a status or an option that makes no sense.
 */
export function refuse(status: number, options: RefuseOptions = {}): Refused {
  return new Refused(status, options)
}

const unknown = new Refused(401, { message: 'Who are you?' })

/** The verdict as an Observable of one value, whatever form it has. Unsubscribing aborts its making. */
export function verdictOf<Principal>(
  authenticate: Authenticate<Principal>,
  request: IncomingMessage,
): Observable<Principal | Refused> {
  return new Observable(subscriber => {
    const leaving = new AbortController()
    let given = false
    const answer = defer(() => {
      const made = authenticate(request, leaving.signal)
      if (isObservable(made)) return made
      return isPromise(made) ? from(made) : of(made)
    })
    const say = (verdict: Principal | Refused) => {
      given = true
      subscriber.next(verdict)
      subscriber.complete()
    }
    const asking = answer.pipe(take(1), defaultIfEmpty(undefined)).subscribe({
      // what is nobody may not come in by an oversight
      next: verdict => say(isNobody(verdict) ? unknown : verdict),
      error: (error: unknown) => {
        if (error instanceof Refused) say(error)
        else subscriber.error(error)
      },
    })
    return () => {
      asking.unsubscribe()
      if (!given) leaving.abort()
    }
  })
}

function isNobody(verdict: unknown): verdict is undefined | null | false {
  return verdict === undefined || verdict === null || verdict === false
}

function isPromise<T>(made: T | PromiseLike<T>): made is PromiseLike<T> {
  return typeof (made as Partial<PromiseLike<T>> | undefined | null)?.then === 'function'
}
