/** Like: stands for whatever has certain members. */

const part = Symbol('like')

/** Matches whatever has these members with these values; more may be there. Takes the type it stands for. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- taken from where it stands
export function like<T>(members: object): T {
  return Object.defineProperty({ ...members }, part, { value: true }) as T
}

/** Whether it was made by {@link like}. */
export function isLike(value: object): boolean {
  return part in value
}
