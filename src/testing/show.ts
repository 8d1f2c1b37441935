/** Shows a value in one line, for people who read why a test failed. */

import { detailsOf, equal } from './equal.js'
import { isLike } from './like.js'

const longest = 120
const most = 50

/**
 * A value as text, whatever it is. `other` is what it is compared with: of an error those members
 * are shown that the other one asks for, or has otherwise.
 */
export function show(value: unknown, other?: unknown): string {
  const text =
    value instanceof Error ? `${named(value)}${asked(value, other, [])}` : nested(value, other, [])
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

// `within` are the values around it
function nested(value: unknown, other: unknown, within: readonly unknown[]): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return `[function ${value.name}]`
  if (typeof value !== 'object' || value === null)
    return Object.is(value, -0) ? '-0' : String(value)
  if (within.includes(value)) return '[circular]'
  const around = [...within, value]
  const list = (values: readonly unknown[]) => {
    const shown = values.slice(0, most).map((each, at) => nested(each, member(other, at), around))
    return `[${shown.join(',')}${values.length > most ? ',…' : ''}]`
  }
  if (value instanceof Error) return `[${named(value)}]${asked(value, other, around)}`
  if (value instanceof Uint8Array) {
    return `${value.length} bytes ${[...value.slice(0, 16)].join(' ')}`.trimEnd()
  }
  if (value instanceof Date || value instanceof RegExp || value instanceof URL) return String(value)
  if (Array.isArray(value)) return list(value)
  if (value instanceof Map || value instanceof Set) {
    return `${value.constructor.name} ${list([...value])}`
  }
  return `${classOf(value)}${members(value as Record<string, unknown>, other, around)}`
}

function named(error: Error): string {
  return `${error.name}: ${error.message}`
}

function asked(error: Error, other: unknown, within: readonly unknown[]): string {
  if (typeof other !== 'object' || other === null) return ''
  const own = error as unknown as Record<string, unknown>
  const wanted = isLike(other)
    ? Object.keys(other).filter(key => key !== 'name' && key !== 'message')
    : other instanceof Error
      ? Object.keys({ ...detailsOf(error), ...detailsOf(other) }).filter(
          key => !equal(own[key], member(other, key)),
        )
      : []
  if (wanted.length === 0) return ''
  const shown = Object.fromEntries(wanted.map(key => [key, own[key]]))
  return ` ${members(shown, other, [...within, error])}`
}

function members(
  value: Record<string, unknown>,
  other: unknown,
  within: readonly unknown[],
): string {
  const shown = Object.entries(value).map(
    ([key, each]) => `${JSON.stringify(key)}:${nested(each, member(other, key), within)}`,
  )
  return `{${shown.join(',')}}`
}

function member(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined
}

function classOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null
  if (prototype === null || prototype === Object.prototype) return ''
  return `${prototype.constructor?.name ?? ''} `
}
