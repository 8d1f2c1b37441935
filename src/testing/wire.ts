/** Wire: how what joins two ends behaves. */

import { type Duration, milliseconds } from './duration.js'

/** How a wire behaves. */
export interface WireOptions {
  /** From one end to the other. Default 0. */
  latency?: Duration | undefined
  /** Up to so much more for each frame, by the seeded dice; order is kept. Default 0. */
  jitter?: Duration | undefined
  /** Bytes a second. Default: no limit. */
  bandwidth?: number | undefined
}

/** A wire's options, read: times in ms. */
export interface Wire {
  readonly latency: number
  readonly jitter: number
  readonly bandwidth: number
}

export const wireOptionNames = ['latency', 'jitter', 'bandwidth'] as const

/** @throws {TypeError} for what no wire can be. */
export function readWire({ latency = 0, jitter = 0, bandwidth = Infinity }: WireOptions): Wire {
  if (!(typeof bandwidth === 'number' && bandwidth > 0)) {
    throw new TypeError(
      `bandwidth: ${String(bandwidth)} is not a number of bytes a second, more than 0; ` +
        `a wire that brings nothing is a stall`,
    )
  }
  return { latency: milliseconds(latency), jitter: milliseconds(jitter), bandwidth }
}
