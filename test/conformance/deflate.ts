/** The other end of permessage-deflate (RFC 7692), which compresses as a case wants it. */

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

const tail = Buffer.from([0, 0, 0xff, 0xff])

/** What was agreed on for one direction. */
export interface Agreed {
  readonly window: number
  readonly takeover: boolean
}

/** One direction: its window goes from message to message where that was agreed on. */
abstract class Direction {
  protected dictionary: Buffer = Buffer.alloc(0)
  protected readonly window: number
  readonly #takeover: boolean

  constructor({ window, takeover }: Agreed) {
    this.window = window
    this.#takeover = takeover
  }

  protected get options() {
    const { window, dictionary } = this
    const finishFlush = constants.Z_SYNC_FLUSH
    return { windowBits: window, finishFlush, ...(dictionary.length > 0 && { dictionary }) }
  }

  protected remember(message: Buffer): void {
    if (!this.#takeover) return
    this.dictionary = Buffer.concat([this.dictionary, message]).subarray(-(2 ** this.window))
  }
}

export class Compressor extends Direction {
  /** As 7.2.1 has it: flushed, and without the four bytes at the end. */
  compress(message: Buffer, options: { level?: number; strategy?: number } = {}): Buffer {
    const bytes = deflateRawSync(message, { ...this.options, ...options })
    this.remember(message)
    return bytes.subarray(0, -4)
  }
}

export class Decompressor extends Direction {
  /** @throws {Error} for data that reaches out of the window that was agreed on. */
  decompress(payload: Buffer): Buffer {
    const message = inflateRawSync(Buffer.concat([payload, tail]), this.options)
    this.remember(message)
    return message
  }
}

/** 7.2.3.3: a block without compression. */
export function stored(message: Buffer): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 0])
  head.writeUInt16LE(message.length, 1)
  head.writeUInt16LE(message.length ^ 0xffff, 3)
  return Buffer.concat([head, message, Buffer.from([0])])
}
