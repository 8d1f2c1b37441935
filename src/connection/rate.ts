/** Rate: how much a peer may send, as the option has it. */

import { group, refused, whole } from '../option.js'

/** What a connection may send, each a second; what is not given is not limited. */
export interface RateOptions {
  /** Messages a second. Default: no limit. */
  messages?: number | undefined
  /** Bytes a second, of any frame, with its header. Default: no limit. */
  bytes?: number | undefined
  /** Pings and pongs a second; a number of both. Default: no limit. */
  pings?: number | undefined
  /** How many seconds' worth may come at once. Default 2. */
  burst?: number | undefined
  /** `'close'`: with 1008; `'pause'`: what comes has to wait in the network. Default `'close'`. */
  beyond?: 'close' | 'pause' | undefined
}

const kinds = ['messages', 'bytes', 'pings'] as const

export type Kind = (typeof kinds)[number]

export interface Rate {
  readonly limits: readonly { readonly kind: Kind; readonly rate: number; readonly room: number }[]
  readonly beyond: 'close' | 'pause'
}

/** @throws {TypeError} for an option that makes no sense. */
export function readRate(name: string, value: RateOptions | false | undefined): Rate | undefined {
  if (value === undefined || value === false) return undefined
  const given = group(name, value, [...kinds, 'burst', 'beyond'])
  const burst = whole(`${name}.burst`, given.burst, 2, 1, 3_600)
  const beyond = given.beyond ?? 'close'
  if (!['close', 'pause'].includes(beyond)) {
    refused(`${name}.beyond`, beyond, `'close' or 'pause'`)
  }
  const limits = kinds.flatMap(kind => {
    if (given[kind] === undefined) return []
    const rate = whole(`${name}.${kind}`, given[kind], undefined, 1, 2 ** 31 - 1)
    return [{ kind, rate, room: rate * burst }]
  })
  return { limits, beyond }
}
