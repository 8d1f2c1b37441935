/** Equality of what a test compares: by value, and by part where it says so. */

import { isLike } from './like.js'

// what is taken to be equal while its members are compared: a cycle leads back to it
type Assumed = Map<object, Set<object>>

/** Whether two values are the same to a test: by members, bytes, and what an error carries. */
export function equal(actual: unknown, expected: unknown): boolean {
  return same(actual, expected, new Map())
}

/** What an error carries besides its name, message and stack. */
export function detailsOf(error: Error): Record<string, unknown> {
  const own = Object.getOwnPropertyNames(error).map(
    key => [key, (error as unknown as Record<string, unknown>)[key]] as const,
  )
  return Object.fromEntries(
    own.filter(([key, value]) => !identity.includes(key) && value !== undefined),
  )
}

const identity = ['name', 'message', 'stack']

function same(actual: unknown, expected: unknown, assumed: Assumed): boolean {
  if (Object.is(actual, expected)) return true
  if (!isObject(actual) || !isObject(expected)) return false
  const partners = assumed.get(actual) ?? new Set()
  if (partners.has(expected)) return true
  assumed.set(actual, partners.add(expected))
  if (isLike(expected)) {
    return Object.keys(expected).every(key => same(actual[key], expected[key], assumed))
  }
  if (expected instanceof Error) {
    return (
      actual instanceof Error &&
      actual.name === expected.name &&
      actual.message === expected.message &&
      same(detailsOf(actual), detailsOf(expected), assumed)
    )
  }
  const [bytes, expectedBytes] = [bytesOf(actual), bytesOf(expected)]
  if (bytes || expectedBytes) {
    return alike(actual, expected) && sameBytes(bytes ?? [], expectedBytes ?? [])
  }
  if (!alike(actual, expected)) return false
  if (actual instanceof Map || actual instanceof Set || actual instanceof URLSearchParams) {
    return same([...actual], [...(expected as unknown as Iterable<unknown>)], assumed)
  }
  if (actual instanceof RegExp)
    return actual.source === expected['source'] && actual.flags === expected['flags']
  if (actual instanceof URL) return actual.href === expected['href']
  if (actual instanceof Date || actual instanceof Number || actual instanceof Boolean) {
    return Object.is(actual.valueOf(), expected.valueOf())
  }
  // there is nothing to see of what it will be
  if (actual instanceof Promise) return false
  const keys = keysOf(actual)
  return (
    keys.length === keysOf(expected).length &&
    keys.every(key => key in expected && same(actual[key], expected[key], assumed))
  )
}

function isObject(value: unknown): value is Record<string | symbol, unknown> {
  return typeof value === 'object' && value !== null
}

// a Buffer is a Uint8Array with the same bytes
function alike(a: object, b: object): boolean {
  return (
    Object.getPrototypeOf(a) === Object.getPrototypeOf(b) ||
    (a instanceof Uint8Array && b instanceof Uint8Array)
  )
}

function keysOf(value: object): (string | symbol)[] {
  return Reflect.ownKeys(value).filter(key =>
    Object.prototype.propertyIsEnumerable.call(value, key),
  )
}

function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (!ArrayBuffer.isView(value)) return undefined
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

function sameBytes(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
