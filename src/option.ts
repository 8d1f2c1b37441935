/** Reads options at the door: a value that makes no sense is a `TypeError` that names it. */

import { isObservable, type Observable } from 'rxjs'

export function refused(name: string, value: unknown, allowed: string): never {
  const shown =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'bigint'
        ? `${value}n`
        : value
  throw new TypeError(`${name}: ${describe(shown)} is not ${allowed}`)
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

// Timers take a signed 32-bit count: anything more fires at once
const longest = 2 ** 31 - 1

/** A secret, or what may be one, is refused without being shown. */
export function refusedUnseen(name: string, allowed: string): never {
  throw new TypeError(`${name}: what was given is not ${allowed}`)
}

/** A duration in ms, or off (`undefined`); the option may be `false` for off. */
export function duration(
  name: string,
  value: unknown,
  preset: number | undefined,
): number | undefined {
  if (value === undefined) return preset
  if (value === false) return undefined
  if (typeof value === 'number' && value > 0 && value <= longest) return value
  return refused(name, value, `a duration of more than 0 and less than 2^31 ms, or false for off`)
}

/** A duration in ms that is never off. */
export function period(name: string, value: unknown, preset: number): number {
  if (value === undefined) return preset
  if (typeof value === 'number' && value > 0 && value <= longest) return value
  return refused(name, value, 'a duration of more than 0 and less than 2^31 ms')
}

/** A whole number within bounds; without a preset it must be given. */
export function whole(
  name: string,
  value: unknown,
  preset: number | undefined,
  least: number,
  most: number,
): number {
  if (value === undefined && preset !== undefined) return preset
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number
  }
  return refused(name, value, `a whole number from ${least} to ${most}`)
}

/** A text of a certain form, where one is given. */
export function text(
  name: string,
  value: unknown,
  form: RegExp,
  allowed: string,
): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' && form.test(value) ? value : refused(name, value, allowed)
}

/** True or false. */
export function yesOrNo(name: string, value: unknown, preset: boolean): boolean {
  if (value === undefined) return preset
  return typeof value === 'boolean' ? value : refused(name, value, 'true or false')
}

/** A function, where one is given. */
export function callable<T extends (...args: never[]) => unknown>(
  name: string,
  value: T | undefined,
): T | undefined {
  if (value === undefined || typeof value === 'function') return value
  return refused(name, value, 'a function')
}

/** An Observable, where one is given. */
export function observable<T>(
  name: string,
  value: Observable<T> | undefined,
): Observable<T> | undefined {
  return value === undefined || isObservable(value) ? value : refused(name, value, 'an Observable')
}

/** A group of options: an object with no name that nobody reads. */
export function group<T extends object>(
  name: string,
  value: T | undefined,
  names: readonly (keyof T & string)[],
): Partial<T> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || (value as unknown) === null) refused(name, value, 'an object')
  for (const key of Object.keys(value)) {
    if (!(names as readonly string[]).includes(key)) {
      throw new TypeError(`${name}.${key} is not an option; there are: ${names.join(', ')}`)
    }
  }
  return value
}

/** An object with the methods that are called on it; without a preset it must be given. */
export function shaped<T extends object>(
  name: string,
  value: T | undefined,
  preset: T | undefined,
  methods: readonly (keyof T & string)[],
): T {
  if (value === undefined && preset !== undefined) return preset
  if (typeof value === 'object' && (value as unknown) !== null) {
    if (methods.every(method => typeof value[method] === 'function')) return value
  }
  return refused(name, value, `an object with ${methods.map(each => `${each}()`).join(', ')}`)
}
