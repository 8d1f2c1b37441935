/** Fragments: one message, made and sent piece by piece (RFC 6455, section 5.4). */

/** A message that is sent as it is made. See {@link fragments}. */
export interface Fragments {
  readonly [source]: AsyncIterable<Uint8Array>
}

export const source = Symbol('fragments')

/**
 * One binary message out of many pieces, for what is too big to hold: each piece is asked for when
 * the socket has room, and sent as a frame of the same message. Pings and Close frames pass in
 * between; other messages wait. A source that fails closes the connection with 1011, as a message
 * that was begun can't be taken back.
 *
 * @throws {TypeError} for what is not an AsyncIterable.
 */
export function fragments(pieces: AsyncIterable<Uint8Array>): Fragments {
  if (
    typeof (pieces as Partial<typeof pieces> | undefined)?.[Symbol.asyncIterator] !== 'function'
  ) {
    throw new TypeError('fragments: an AsyncIterable of Uint8Array is needed')
  }
  return { [source]: pieces }
}

export function isFragments(value: unknown): value is Fragments {
  return typeof value === 'object' && value !== null && source in value
}
