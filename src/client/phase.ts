/** Phase: where a session stands, for programs and for the people in front of them. */

import type { Close } from '../close.js'

/** Where a session stands. */
export type Phase =
  /** A connection is being opened; `attempt` counts from 1, and anew when one was stable. */
  | { readonly name: 'connecting'; readonly attempt: number }
  /** A connection is open. */
  | { readonly name: 'open' }
  /** This side is closing it for good. */
  | { readonly name: 'closing' }
  /** The next attempt comes at `until`, in ms of the session's clock; `close` is why it waits. */
  | { readonly name: 'waiting'; readonly until: number; readonly close: Close }
  /** There is no network; the next attempt comes when there is one. */
  | { readonly name: 'offline'; readonly close: Close }
  /** Over: trying again can't help, or was tried too often. */
  | { readonly name: 'gave up'; readonly close: Close }
  /** Over: this side closed it, or the server did, as it was done. */
  | { readonly name: 'closed'; readonly close: Close }
