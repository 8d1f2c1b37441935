/** Online: whether this machine has a network, as far as a browser knows. */

import {
  defer,
  distinctUntilChanged,
  fromEvent,
  map,
  merge,
  type Observable,
  of,
  startWith,
} from 'rxjs'

// what a browser's page or worker has, and Node has not
interface Page {
  readonly navigator?: { readonly onLine?: unknown }
  readonly addEventListener?: unknown
}

/** Now, then each change. Where nobody knows, it is true. */
export function online(page: Page = globalThis as Page): Observable<boolean> {
  return defer(() => {
    const { navigator, addEventListener } = page
    if (typeof navigator?.onLine !== 'boolean' || typeof addEventListener !== 'function') {
      return of(true)
    }
    const events = (name: string) => fromEvent(page as EventTarget, name)
    return merge(
      events('online').pipe(map(() => true)),
      events('offline').pipe(map(() => false)),
    ).pipe(startWith(navigator.onLine), distinctUntilChanged())
  })
}
