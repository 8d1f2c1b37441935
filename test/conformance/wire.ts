/** Frames of a peer that may break every rule when it writes, and takes none broken when it reads. */

/** A frame (RFC 6455, section 5.2), with what may be wrong about it. */
export interface Wire {
  readonly opcode: number
  readonly payload: Buffer
  readonly fin: boolean
  /** 4 is RSV1, 2 is RSV2, 1 is RSV3. */
  readonly rsv: number
  /** How many bits say the length. Default: as few as do. */
  readonly lengthBits?: 7 | 16 | 64
  /** The length that is said. Default: the true one. */
  readonly said?: bigint
  /** Whether the mask is there where it must not be, and not where it must. */
  readonly wrongMask?: boolean
  readonly key?: readonly number[]
}

export type Flaws = Partial<Omit<Wire, 'opcode' | 'payload'>>

/** One value for each byte, so that a wrong order shows. */
const usual = [0x37, 0xfa, 0x21, 0x3d]

export function frame(opcode: number, payload: string | Uint8Array = '', flaws: Flaws = {}): Wire {
  return { opcode, payload: Buffer.from(payload as string), fin: true, rsv: 0, ...flaws }
}

export const text = (payload: string | Uint8Array = '', flaws?: Flaws) => frame(1, payload, flaws)
export const binary = (payload: string | Uint8Array = '', flaws?: Flaws) => frame(2, payload, flaws)
export const more = (payload: string | Uint8Array = '', flaws?: Flaws) => frame(0, payload, flaws)
export const ping = (payload: string | Uint8Array = '', flaws?: Flaws) => frame(9, payload, flaws)
export const pong = (payload: string | Uint8Array = '', flaws?: Flaws) => frame(10, payload, flaws)
export const open = { fin: false }

export function close(code?: number, reason: string | Uint8Array = ''): Wire {
  if (code === undefined) return frame(8)
  const head = Buffer.from([code >> 8, code & 0xff])
  return frame(8, Buffer.concat([head, Buffer.from(reason as string)]))
}

/** A message in so many frames, of as equal a size as can be. */
export function pieces(first: Wire, count: number): Wire[] {
  const { payload, opcode } = first
  const size = Math.ceil(payload.length / count)
  return Array.from({ length: count }, (_, at) => ({
    ...first,
    opcode: at === 0 ? opcode : 0,
    rsv: at === 0 ? first.rsv : 0,
    payload: payload.subarray(at * size, (at + 1) * size),
    fin: at === count - 1,
  }))
}

export function encode(wire: Wire, fromClient: boolean): Buffer {
  const { opcode, payload, fin, rsv, key = usual } = wire
  const length = wire.said ?? BigInt(payload.length)
  const bits = wire.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64)
  const masked = fromClient !== (wire.wrongMask ?? false)
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127)
  if (bits === 16) head.writeUInt16BE(Number(length), 2)
  if (bits === 64) head.writeBigUInt64BE(length, 2)
  if (!masked) return Buffer.concat([head, payload])
  return Buffer.concat([head, Buffer.from(key), masking(payload, key)])
}

function masking(payload: Buffer, key: readonly number[]): Buffer {
  const masked = Buffer.allocUnsafe(payload.length)
  for (let at = 0; at < payload.length; at++) masked[at] = payload[at]! ^ key[at & 3]!
  return masked
}

/**
 * Reads what we have written, and takes no frame that is not as it must be: masked by clients only,
 * of the shortest length, with no bit set but RSV1 where that has a meaning.
 */
export class StrictReader {
  readonly #fromClient: boolean
  readonly #deflates: boolean
  #chunks: Buffer[] = []
  #size = 0
  // how many bytes the next frame takes, as far as that is known
  #needed = 2

  constructor(fromClient: boolean, deflates: boolean) {
    this.#fromClient = fromClient
    this.#deflates = deflates
  }

  /** Whether something has come that is no whole frame. */
  get unfinished(): boolean {
    return this.#size > 0
  }

  *read(chunk: Buffer): Generator<Wire> {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    while (this.#size >= this.#needed) {
      const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
      this.#chunks = [bytes]
      const short = bytes[1]! & 0x7f
      const masked = bytes[1]! > 0x7f
      const start = (short < 126 ? 2 : short === 126 ? 4 : 10) + (masked ? 4 : 0)
      this.#needed = start
      if (this.#size < start) return
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(2)
            : Number(bytes.readBigUInt64BE(2))
      this.#needed = start + length
      if (this.#size < this.#needed) return
      const [opcode, rsv, fin] = [bytes[0]! & 15, (bytes[0]! >> 4) & 7, bytes[0]! > 0x7f]
      const data = bytes.subarray(start, start + length)
      this.#check(masked, short, length, opcode, rsv)
      this.#chunks = [bytes.subarray(start + length)]
      this.#size -= start + length
      this.#needed = 2
      const payload = masked ? masking(data, [...bytes.subarray(start - 4, start)]) : data
      yield { opcode, payload, fin, rsv }
    }
  }

  #check(masked: boolean, short: number, length: number, opcode: number, rsv: number): void {
    const wrong =
      masked !== this.#fromClient ||
      (short === 126 && length < 126) ||
      (short === 127 && length < 65_536) ||
      (rsv & 3) !== 0 ||
      (rsv !== 0 && (!this.#deflates || opcode > 2)) ||
      ![0, 1, 2, 8, 9, 10].includes(opcode)
    if (wrong) throw new Error(`We wrote ${JSON.stringify({ masked, short, length, opcode, rsv })}`)
  }
}

const names: Record<number, string> = { 0: 'more', 1: 'text', 2: 'binary', 9: 'ping', 10: 'pong' }

/** For people, and to compare: long payloads by their length and their hash. */
export function shown({ opcode, payload, fin }: Wire): string {
  const end = fin ? '' : ' …'
  if (opcode === 8) {
    const code = payload.length === 0 ? 'without a code' : payload.readUInt16BE(0)
    return `close ${code} ${payload.subarray(2).toString()}`.trim()
  }
  const what =
    payload.length > 200
      ? `${payload.length} bytes, ${hash(payload)}`
      : opcode === 1
        ? JSON.stringify(payload.toString())
        : payload.toString('hex')
  return `${names[opcode] ?? opcode} ${what}${end}`
}

// FNV-1a
function hash(bytes: Buffer): string {
  let sum = 0x811c9dc5
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193)
  return (sum >>> 0).toString(16)
}
