/** On: takes messages that are a tagged union apart, with their types. */

import { filter, type Observable } from 'rxjs'

/** The members of a union whose tag is this. */
export type Tagged<T, Field extends PropertyKey, Tag> = Extract<T, Readonly<Record<Field, Tag>>>

/**
 * Lets through the messages with this tag, as the member of the union that they are:
 * `messages.pipe(on('move'))`. The tag is in the field `type`, or in the one that is named.
 */
export function on<const Tag extends PropertyKey | boolean>(
  tag: Tag,
): <T extends { readonly type: unknown }>(
  source: Observable<T>,
) => Observable<Tagged<T, 'type', Tag>>
export function on<const Tag extends PropertyKey | boolean, const Field extends PropertyKey>(
  tag: Tag,
  field: Field,
): <T extends Readonly<Record<Field, unknown>>>(
  source: Observable<T>,
) => Observable<Tagged<T, Field, Tag>>
export function on(tag: unknown, field: PropertyKey = 'type'): unknown {
  return <T>(source: Observable<T>) =>
    source.pipe(filter(message => (message as Record<PropertyKey, unknown>)[field] === tag))
}
