/** Schema: the slice of Standard Schema that a codec uses; Zod, Valibot, ArkType and others fill it. */

import { CloseCode } from './close.js'
import { CodecError, type CodecIssue } from './errors.js'

/** Any schema of the Standard Schema family, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the standard asks of a schema. */
  readonly '~standard': {
    /** The version of the standard. */
    readonly version: 1
    /** The name of the library. */
    readonly vendor: string
    /** Checks a value: gives what it becomes, or the issues. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** For the compiler only: the types that the schema takes and gives. */
    readonly types?:
      | {
          /** What it takes. */
          readonly input: Input
          /** What it gives. */
          readonly output: Output
        }
      | undefined
  }
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that does not fit. */
export interface SchemaIssue {
  /** What is wrong, for people. */
  readonly message: string
  /** Where it is in the value, from the outside in; absent for the whole. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema takes: the type of what crosses the wire. */
export type InputOf<S extends StandardSchema> = TypesOf<S>['input']

/** What a schema gives: the type of what you hold. */
export type OutputOf<S extends StandardSchema> = TypesOf<S>['output']

type TypesOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>

/** The value as the schema gives it, or a {@link CodecError} that names each issue and its path. */
export function conform<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  closeCode: number,
): Output {
  const result = ask(schema, value)
  if (!result.issues) return result.value
  // not slice and map of their own: some libraries make lists that are more than arrays
  const issues = Array.from(result.issues)
    .slice(0, mostIssues)
    .map(issue => shorten(issue, value))
  const said = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  throw new CodecError(`The message does not fit the schema: ${said.join('; ')}`, {
    closeCode,
    issues,
  })
}

// No message is at fault for a schema that can't be asked.
function ask<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): SchemaResult<Output> {
  const closeCode = CloseCode.internalError
  let result
  try {
    result = schema['~standard'].validate(value)
  } catch (cause) {
    throw new CodecError('json: the schema threw', { closeCode, cause })
  }
  if (!isPromise(result)) return result
  // Zod asks a schema that throws again, asynchronously
  throw new CodecError(
    'json: the schema is asynchronous, and messages do not wait for one; or it threw',
    { closeCode },
  )
}

/** Whether the schema answered later; what it says then is nobody's. */
export function isPromise(answer: unknown): answer is Promise<unknown> {
  if (typeof (answer as Partial<Promise<unknown>> | undefined)?.then !== 'function') return false
  Promise.resolve(answer).catch(() => undefined)
  return true
}

// A report is read by people, and must not carry a hostile message into the log.
const mostIssues = 10
const mostSteps = 50
const longest = 200

function shorten({ path = [], message }: SchemaIssue, value: unknown): CodecIssue {
  const steps = Array.from(path, step => (typeof step === 'object' ? step.key : step))
  const written = steps
    .slice(0, mostSteps)
    .map((step, at) =>
      typeof step === 'number'
        ? `[${step}]`
        : `${at === 0 ? '' : '.'}${String(step).slice(0, longest)}`,
    )
  return {
    path: printable(written.join('')),
    message: printable(withheld(message, valueAt(value, steps))),
  }
}

function valueAt(value: unknown, steps: readonly PropertyKey[]): unknown {
  return steps.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[step],
    value,
  )
}

// some libraries quote what came, and that may be a password in the wrong field
function withheld(message: string, value: unknown): string {
  if (typeof value !== 'string') return message
  return [JSON.stringify(value), `"${value}"`, `'${value}'`].reduce(
    (left, quoted) => left.replaceAll(quoted, () => '"…"'),
    message,
  )
}

// a line of a log stays one line
function printable(text: string): string {
  return text.slice(0, longest).replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, '\ufffd')
}
