/** How much a soak does. */
export interface Size {
  readonly source: 'dist' | 'src'
  readonly seed: number
  /** Clients of a broadcast, and how many of them stop reading. */
  readonly clients: number
  readonly stalled: number
  /** Messages of a broadcast, and how many of them are sent at once. */
  readonly messages: number
  readonly burst: number
  /** Bytes that an echo client sends. */
  readonly flood: number
  /** Bytes of a transfer. */
  readonly transfer: number
  /** Its reader rests for so many ms behind so many bytes. */
  readonly rest: number
  readonly restEvery: number
  /** The stall timeout of the servers, in ms. */
  readonly stall: number
}

const mebibyte = 1024 * 1024

/** Bytes of a message of the broadcast and of the echo. */
export const messageSize = 16 * 1024

/** Bytes of a chunk of the transfer. */
export const chunkSize = 64 * 1024

/** What has no bounds of its own is stopped here. */
export const cap = 600 * mebibyte

export const full: Size = {
  source: 'dist',
  seed: 4,
  clients: 200,
  stalled: 10,
  messages: 2_048,
  burst: 16,
  flood: 512 * mebibyte,
  transfer: 1024 * mebibyte,
  rest: 150,
  restEvery: 16 * mebibyte,
  stall: 4_000,
}

/** A fiftieth of the bytes, which still are more than the system's own buffers swallow. */
export const small: Size = {
  source: 'src',
  seed: 4,
  clients: 20,
  stalled: 1,
  messages: 384,
  burst: 16,
  flood: 16 * mebibyte,
  transfer: 20 * mebibyte,
  rest: 20,
  restEvery: mebibyte,
  stall: 500,
}
