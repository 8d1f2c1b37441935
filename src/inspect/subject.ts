/** Subject: what can be inspected, and how that is found in it. */

import type { Observable } from 'rxjs'
import type { Connection } from '../connection/connection.js'
import { parts } from '../connection/counts.js'
import { type Listed, type Roster, roster } from '../connection/roster.js'

type AnyConnection = Pick<Connection<unknown, never>, 'id' | 'states' | 'closed' | 'actor'>

/** A server, or the very Observable that `accept` returned. */
export type InspectableServer =
  { readonly connections: Observable<AnyConnection> } | Observable<AnyConnection>

/** A server, the very Observable that `accept` returned, or a connection. */
export type Inspectable = InspectableServer | AnyConnection

/** @throws {TypeError} for anything else. */
export function subjectOf(name: string, subject: Inspectable): Roster | Listed {
  const found = subject as Partial<Listed> | undefined
  if (typeof found === 'object' && found[parts]) return found as Listed
  return rosterOf(name, subject as InspectableServer, ', or a connection')
}

/** @throws {TypeError} for what is no server. */
export function rosterOf(name: string, subject: InspectableServer, or = ''): Roster {
  const found = (subject as { readonly [roster]?: Roster } | undefined)?.[roster]
  if (found) return found
  throw new TypeError(
    `${name}: what was given is not a server of serve, nor the very Observable that accept returned${or}`,
  )
}
