/** On: takes messages that are a tagged union apart, with their types. */

import { filter, type Observable } from 'rxjs'

/** The members of a union whose tag is this, or may be. */
export type Tagged<T, Field extends PropertyKey, Tag> =
  T extends Readonly<Record<Field, infer Present>>
    ? Tag extends Present
      ? Present extends Tag
        ? T
        : T & Readonly<Record<Field, Tag>>
      : never
    : never

/** In the way of a tag that no message has: the name of the member is what the compiler says. */
export type Known<T, Field extends PropertyKey, Tag> = [Tagged<T, Field, Tag>] extends [never]
  ? { readonly 'on: no message has this tag': Tag }
  : unknown

/**
 * Lets through the messages with this tag, as the member of the union that they are:
 * `messages.pipe(on('move'))`. The tag is in the field `type`, or in the one that is named.
 */
export function on<const Tag extends PropertyKey | boolean>(
  tag: Tag,
): <T extends { readonly type: unknown }>(
  source: Observable<T> & Known<T, 'type', Tag>,
) => Observable<Tagged<T, 'type', Tag>>
export function on<const Tag extends PropertyKey | boolean, const Field extends PropertyKey>(
  tag: Tag,
  field: Field,
): <T extends Readonly<Record<Field, unknown>>>(
  source: Observable<T> & Known<T, Field, Tag>,
) => Observable<Tagged<T, Field, Tag>>
export function on(tag: unknown, field: PropertyKey = 'type'): unknown {
  // without a schema a message may be null, whatever its type says
  const has = (message: Readonly<Record<PropertyKey, unknown>> | null | undefined) =>
    message?.[field] === tag
  return (source: Observable<Readonly<Record<PropertyKey, unknown>>>) => source.pipe(filter(has))
}
