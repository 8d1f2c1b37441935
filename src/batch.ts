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

/** Frames that many connections are sent one behind the other: what they are in one piece is made once. */
class Run {
  // the one that was begun last in this turn
  static #last: Run | undefined
  readonly frame: Uint8Array
  readonly #before: Run | undefined
  // what was sent behind it last, most likely to the others too
  #next: Run | undefined
  #joined: Buffer | undefined

  private constructor(frame: Uint8Array, before?: Run) {
    this.frame = frame
    this.#before = before
  }

  static of(frame: Uint8Array): Run {
    return Run.#last?.frame === frame ? Run.#last : (Run.#last = new Run(frame))
  }

  static forget(): void {
    Run.#last = undefined
  }

  /** What this frame makes of it. */
  with(frame: Uint8Array): Run {
    return this.#next?.frame === frame ? this.#next : (this.#next = new Run(frame, this))
  }

  /** The frames of a run, the first first. */
  static frames(run: Run | undefined): Uint8Array[] {
    const frames: Uint8Array[] = []
    for (let each = run; each; each = each.#before) frames.push(each.frame)
    return frames.reverse()
  }

  get joined(): Buffer {
    return (this.#joined ??= this.#before
      ? Buffer.concat(Run.frames(this))
      : // of any other array the stream would make one at each write
        Buffer.from(this.frame.buffer, this.frame.byteOffset, this.frame.byteLength))
  }
}

export class Batch {
  // whole frames, before anything of its own
  #run: Run | undefined
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
    this.bytes += frame.byteLength
    this.messages++
    if (this.#frames || this.#end > this.#start) {
      this.#seal()
      this.#frames?.push(frame)
    } else {
      this.#run = this.#run ? this.#run.with(frame) : Run.of(frame)
    }
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
      this.#frames ??= Run.frames(this.#run)
      this.#frames.push(this.#slab.subarray(this.#start, this.#end))
    }
    this.#start = this.#end
    if (pool.last === this) pool.last = undefined
  }

  /** All of it, in one piece; `own`: which keeps no other bytes alive. */
  join(own: boolean): Uint8Array {
    if (!this.#frames) {
      if (this.#end === this.#start) return this.#run?.joined ?? Buffer.alloc(0)
      // most turns have one message, or some made side by side
      if (!this.#run) {
        const bytes = this.#slab.subarray(this.#start, this.#end)
        if (pool.last === this) pool.last = undefined
        return own ? Buffer.from(bytes) : bytes
      }
    }
    this.#seal()
    return Buffer.concat(this.#frames ?? [])
  }

  /** The turn is over: nothing that has been joined is kept. */
  static forget(): void {
    Run.forget()
  }
}
