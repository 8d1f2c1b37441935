/** Json: a codec of JSON texts, checked by a schema where there is one. */

import { CloseCode } from './close.js'
import type { Codec, OnInvalid } from './codec.js'
import { CodecError } from './errors.js'
import { callable, group, refused, yesOrNo } from './option.js'
import { conform, type InputOf, isPromise, type OutputOf, type StandardSchema } from './schema.js'

/** How strict a JSON codec is. */
export interface JsonOptions<Out> {
  /**
   * What becomes of a message that does not fit: the connection closes (`'close'`, the default: 1007
   * for what is not JSON, 1008 for what the schema refuses), the message is dropped (`'drop'`), or
   * is answered with what this function makes of the issues. It is counted and reported in any case.
   */
  invalid?: 'close' | 'drop' | ((error: CodecError) => Out) | undefined
  /** Whether what is sent is checked too; what does not fit closes with 1011. Default no. */
  checksOutgoing?: boolean | undefined
}

/** One schema for each direction. */
export interface Schemas<In extends StandardSchema, Out extends StandardSchema> {
  /** Checks what comes in. */
  readonly in: In
  /** The type of what is sent; it is checked with `checksOutgoing`. */
  readonly out: Out
}

/**
 * JSON that fits a schema of the Standard Schema family (Zod, Valibot, ArkType …). What comes in is
 * what the schema gives; what goes out is what it takes. It must not be asynchronous.
 *
 * @throws {TypeError} for what is no schema, or an option that makes no sense.
 */
export function json<S extends StandardSchema, const Reply extends InputOf<S>>(
  schema: S,
  options?: JsonOptions<Reply>,
): Codec<OutputOf<S>, InputOf<S>>
/** JSON with one schema for what comes in and another for what goes out. */
export function json<
  In extends StandardSchema,
  Out extends StandardSchema,
  const Reply extends InputOf<Out>,
>(schemas: Schemas<In, Out>, options?: JsonOptions<Reply>): Codec<OutputOf<In>, InputOf<Out>>
/**
 * JSON without a schema: what comes in has whatever shape the peer gives it, whatever `T` says.
 */
export function json<T = unknown>(schema?: undefined, options?: JsonOptions<NoInfer<T>>): Codec<T>
export function json(
  given?: StandardSchema | Schemas<StandardSchema, StandardSchema>,
  options: JsonOptions<unknown> = {},
): Codec<unknown> {
  const { invalid = 'close', checksOutgoing } = group('json', options, [
    'invalid',
    'checksOutgoing',
  ])
  const checks = yesOrNo('json: checksOutgoing', checksOutgoing, false)
  const [incoming, outgoing] = readSchemas(given)
  return {
    decode(message) {
      const value = parse(message)
      return incoming ? conform(incoming, value, CloseCode.policyViolation) : value
    },
    encode(value) {
      if (checks && outgoing) conform(outgoing, value, CloseCode.internalError)
      const text = JSON.stringify(value) as string | undefined
      if (text !== undefined) return text
      throw new CodecError(`A ${typeof value} has no JSON`, { closeCode: CloseCode.internalError })
    },
    onInvalid: readInvalid(invalid),
  }
}

function parse(message: string | Uint8Array): unknown {
  if (typeof message !== 'string') {
    throw new CodecError('JSON is text, and a binary message came', {
      closeCode: CloseCode.unsupportedData,
    })
  }
  try {
    return JSON.parse(message)
  } catch {
    // not the cause: its text quotes the message
    throw new CodecError('The message is not JSON', { closeCode: CloseCode.invalidPayload })
  }
}

type Given = Parameters<typeof readSchema>[1]

// Not by `in`: schemas of Zod and ArkType have members of that name too.
function readSchemas(given: unknown): readonly [Given, Given] {
  if (typeof given === 'object' && given !== null && !('~standard' in given)) {
    const each = group<Schemas<StandardSchema, StandardSchema>>(
      'json: schema',
      given as Schemas<StandardSchema, StandardSchema>,
      ['in', 'out'],
    )
    if (each.in === undefined) refused('json: schema.in', each.in, standardSchema)
    if (each.out === undefined) refused('json: schema.out', each.out, standardSchema)
    return [readSchema('json: schema.in', each.in), readSchema('json: schema.out', each.out)]
  }
  const schema = readSchema('json: schema', given as StandardSchema | undefined)
  return [schema, schema]
}

const standardSchema = 'a Standard Schema of version 1'

function readSchema(name: string, value: StandardSchema | undefined): StandardSchema | undefined {
  if (value === undefined) return undefined
  // some schemas are functions, so this is not a question of objects
  const standard = (value as Partial<StandardSchema> | null)?.['~standard']
  if (standard?.version !== 1 || typeof standard.validate !== 'function') {
    refused(name, value, standardSchema)
  }
  let answer: unknown
  try {
    // most asynchronous ones can be told by asking once; the others fail with the first message
    answer = standard.validate(undefined)
  } catch {
    // no message of JSON is undefined
  }
  if (isPromise(answer)) refused(name, value, 'a synchronous schema: messages do not wait for one')
  return value
}

function readInvalid(invalid: unknown): OnInvalid<unknown> {
  if (invalid === 'close' || invalid === 'drop') return () => invalid
  if (typeof invalid !== 'function')
    refused('json: invalid', invalid, `'close', 'drop' or a function`)
  const reply = callable('json: invalid', invalid as (error: CodecError) => unknown)
  return error => {
    const value = reply?.(error)
    if (isPromise(value)) throw new TypeError('json: invalid: a reply is a message, not a promise')
    return { reply: value }
  }
}
