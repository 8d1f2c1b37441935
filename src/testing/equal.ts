/** Equality of what a test compares: by value, and by part where it says so. */

const part = Symbol('like')

/** Matches whatever has these members with these values; more may be there. Takes the type it stands for. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- taken from where it stands
export function like<T>(members: object): T {
  return Object.defineProperty({ ...members }, part, { value: true }) as T
}

export function equal(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true
  if (!isObject(actual) || !isObject(expected)) return false
  if (expected instanceof Error) {
    return (
      actual instanceof Error &&
      actual.name === expected.name &&
      actual.message === expected.message
    )
  }
  if (part in expected) return Object.keys(expected).every(key => equal(actual[key], expected[key]))
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) {
    // a Buffer is a Uint8Array with the same bytes
    return (
      actual instanceof Uint8Array && expected instanceof Uint8Array && sameBytes(actual, expected)
    )
  }
  if (actual instanceof Date) return actual.getTime() === Number(expected)
  if (actual instanceof Map || actual instanceof Set) {
    return equal([...actual], [...(expected as unknown as Iterable<unknown>)])
  }
  const keys = Object.keys(actual)
  return (
    keys.length === Object.keys(expected).length &&
    keys.every(key => key in expected && equal(actual[key], expected[key]))
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
