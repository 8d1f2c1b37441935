/** Batch: the small frames that one connection sends in one turn, side by side: one write for all. */

import { Buffer } from 'node:buffer'
import { binaryFrame, textFrame } from './prepare.js'
import type { Message } from './socket.js'

/** The bytes from which on a batch does not wait for the end of the turn. */
export const enough = 16 * 1024

// A larger payload is better written from where it is than copied.
const small = 8 * 1024
// As the pool of Buffer: what was handed out is never written again.
const pool = { slab: Buffer.alloc(0), used: 0, last: undefined as Batch | undefined }

// What was joined last: a burst to many connections is the same for all of them.
const burst = { frames: [] as readonly Uint8Array[], joined: Buffer.alloc(0) }

export class Batch {
  #frames: Uint8Array[] | undefined
  // the frames in the slab that are not among the others yet
  #slab = pool.slab
  #start = 0
  #end = 0
  /** Messages in it. */
  messages = 0
  bytes = 0

  /** Frames a message without a mask; false, and nothing is done, for one that is not small. */
  add(message: Message): boolean {
    const text = typeof message === 'string'
    // a unit of UTF-16 is three bytes of UTF-8 at most
    const most = text ? message.length * 3 : message.byteLength
    if (most > small) return false
    this.#reserve(most + 4)
    const slab = this.#slab
    const start = this.#end
    const head = start + (most < 126 || (text && Buffer.byteLength(message) < 126) ? 2 : 4)
    let length = most
    if (text) length = slab.write(message, head)
    else slab.set(message, head)
    slab[start] = text ? textFrame : binaryFrame
    if (head - start === 2) {
      slab[start + 1] = length
    } else {
      slab[start + 1] = 126
      slab.writeUInt16BE(length, start + 2)
    }
    this.#end = pool.used = head + length
    this.bytes += this.#end - start
    this.messages++
    return true
  }

  /** Takes a whole frame as it is. */
  addFrame(frame: Uint8Array): void {
    this.#seal()
    ;(this.#frames ??= []).push(frame)
    this.bytes += frame.byteLength
    this.messages++
  }

  // Behind the last frame if nobody else has written there since.
  #reserve(bytes: number): void {
    if (pool.last === this && pool.slab.length - pool.used >= bytes) return
    this.#seal()
    if (pool.slab.length - pool.used < bytes) {
      pool.slab = Buffer.allocUnsafeSlow(enough)
      pool.used = 0
    }
    pool.last = this
    this.#slab = pool.slab
    this.#start = this.#end = pool.used
  }

  #seal(): void {
    if (this.#end > this.#start) {
      ;(this.#frames ??= []).push(this.#slab.subarray(this.#start, this.#end))
    }
    this.#start = this.#end
    if (pool.last === this) pool.last = undefined
  }

  /** All of it, in one piece; `own`: which keeps no other bytes alive. */
  join(own: boolean): Uint8Array {
    this.#seal()
    const frames = this.#frames ?? []
    const [first] = frames
    if (first && frames.length === 1) {
      return own && this.#end > 0 ? Buffer.from(first) : first
    }
    const { length } = frames
    if (length !== burst.frames.length || frames.some((frame, at) => frame !== burst.frames[at])) {
      burst.joined = Buffer.concat(frames)
      burst.frames = frames
    }
    return burst.joined
  }

  /** The turn is over: nothing more that has been joined is kept. */
  static forget(): void {
    burst.frames = []
    burst.joined = Buffer.alloc(0)
  }
}
