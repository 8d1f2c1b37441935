/** Line: one connection to a broker, as the client library of that broker has it. */

/** A line that is open. */
export interface Line {
  /** Bytes of the largest message that it takes. */
  readonly largest: number
  /** @throws whatever the library throws: the message is lost. */
  publish(topic: string, bytes: Uint8Array): void
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  /** Calls back when all that was asked for before has reached the broker. */
  flush(done: () => void): void
  /** Ends it at once; nothing is told of it any more. */
  close(): void
}

/** Whom a line tells. */
export interface LineEvents {
  opened(line: Line): void
  message(topic: string, bytes: Uint8Array): void
  /** It did not open, or has ended, or the broker does not take what is said. */
  ended(cause: unknown): void
}

/** Opens a line; returns what gives it up, open or not. It does not reconnect. */
export type Dial = (events: LineEvents) => () => void
