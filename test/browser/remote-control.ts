/** What crosses between a PageSocket in Node and its socket in a page. */

import type { Socket, SocketEvents } from '../../src/socket.js'

/** What a page can be told to do; `at` is which of its sockets. */
export interface RemoteControl {
  dial(this: void, at: number, url: string, payload: number): void
  listen(this: void, at: number, event: keyof SocketEvents): void
  /** A text, or the number of bytes that are kept. */
  send(this: void, at: number, message: string | number): void
  close(this: void, at: number, code?: number, reason?: string): void
  terminate(this: void, at: number): void
  count(this: void, at: number): void
}

/** One thing to do. */
export type Call = {
  [Name in keyof RemoteControl]: readonly [Name, ...Parameters<RemoteControl[Name]>]
}[keyof RemoteControl]

/** The counters of a socket. */
export type Counts = Pick<Socket, 'bufferedAmount' | 'bytesRead' | 'messagesRead' | 'refused'>

/** What a page tells, with the counters as they were then. */
export interface Told {
  readonly at: number
  readonly counts: Counts
  /** If it is more than the counters: an event of the socket, and its argument. */
  readonly event?: keyof SocketEvents
  readonly value?: unknown
}

/** What an Error is when it crosses. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
}
