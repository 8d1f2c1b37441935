/** Schema: the slice of Standard Schema that a codec uses; Zod, Valibot, ArkType and others fill it. */

import { CloseCode } from './close.js'
import { CodecError, type CodecIssue } from './errors.js'

/** Any schema of the Standard Schema family, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that does not fit. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema takes: the type of what crosses the wire. */
export type InputOf<S> = S extends StandardSchema<infer Input, unknown> ? Input : never

/** What a schema gives: the type of what you hold. */
export type OutputOf<S> =
  S extends StandardSchema<never, infer Output>
    ? Output
    : S extends {
          readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined }
        }
      ? Output
      : never

/** The value as the schema gives it, or a {@link CodecError} that names each issue and its path. */
export function conform<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  closeCode: number,
): Output {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    result.catch(() => undefined)
    throw new CodecError('json: the schema is asynchronous, and messages do not wait for one', {
      closeCode: CloseCode.internalError,
    })
  }
  if (!result.issues) return result.value
  const issues = result.issues.slice(0, mostIssues).map(shorten)
  const said = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  throw new CodecError(`The message does not fit the schema: ${said.join('; ')}`, {
    closeCode,
    issues,
  })
}

// A report is read by people, and must not carry a hostile message into the log.
const mostIssues = 10
const longest = 200

function shorten({ path = [], message }: SchemaIssue): CodecIssue {
  const steps = path.map(step => (typeof step === 'object' ? step.key : step))
  const written = steps.map((step, at) =>
    typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`,
  )
  return { path: written.join('').slice(0, longest), message: message.slice(0, longest) }
}
