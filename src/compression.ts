/** Compression: what permessage-deflate may cost (RFC 7692). Off unless it is asked for. */

import { group, whole, yesOrNo } from './option.js'

/** How messages are compressed; sizes in bytes. */
export interface CompressionOptions {
  /** Messages of fewer bytes go as they are. Default 1,024. */
  threshold?: number | undefined
  /** From 1, fast, to 9, small. Default 6. */
  level?: number | undefined
  /** From 1 to 9: what compressing may take, 2^(memory + 9) bytes. Default 8: 128 KiB. */
  memory?: number | undefined
  /** Messages that are compressed or decompressed at one time, in the whole process. Default 10. */
  concurrency?: number | undefined
  /**
   * The window of what the server sends, 2^n bytes, n from 9 to 15. Default 15, or what the client
   * asks for.
   */
  serverWindow?: number | undefined
  /** The window of what the client sends, likewise, 2^n bytes. Default 15, or what it asks for. */
  clientWindow?: number | undefined
  /**
   * Whether the server keeps its window from one message to the next: smaller on the wire, and some
   * 256 KiB for every connection. Default false.
   */
  serverTakeover?: boolean | undefined
  /** Whether the client does; the server keeps 32 KiB for it. Default false. */
  clientTakeover?: boolean | undefined
}

/** What `ws` is given. */
export type Deflate =
  false | { readonly [name: string]: unknown; readonly concurrencyLimit: number }

/** @throws {TypeError} for an option that makes no sense. */
export function readCompression(
  name: string,
  value: CompressionOptions | boolean | undefined,
): Deflate {
  if (value === undefined || value === false) return false
  const given = group(name, value === true ? {} : value, [
    'threshold',
    'level',
    'memory',
    'concurrency',
    'serverWindow',
    'clientWindow',
    'serverTakeover',
    'clientTakeover',
  ])
  const at = (option: string) => `${name}.${option}`
  const window = (option: 'serverWindow' | 'clientWindow') =>
    given[option] === undefined ? undefined : whole(at(option), given[option], undefined, 9, 15)
  const [serverMaxWindowBits, clientMaxWindowBits] = [
    window('serverWindow'),
    window('clientWindow'),
  ]
  return {
    threshold: whole(at('threshold'), given.threshold, 1_024, 0, 2 ** 31 - 1),
    concurrencyLimit: whole(at('concurrency'), given.concurrency, 10, 1, 1_024),
    zlibDeflateOptions: {
      level: whole(at('level'), given.level, 6, 1, 9),
      memLevel: whole(at('memory'), given.memory, 8, 1, 9),
    },
    // false would refuse a peer that wants none
    ...(!yesOrNo(at('serverTakeover'), given.serverTakeover, false) && {
      serverNoContextTakeover: true,
    }),
    ...(!yesOrNo(at('clientTakeover'), given.clientTakeover, false) && {
      clientNoContextTakeover: true,
    }),
    ...(serverMaxWindowBits !== undefined && { serverMaxWindowBits }),
    ...(clientMaxWindowBits !== undefined && { clientMaxWindowBits }),
  }
}
