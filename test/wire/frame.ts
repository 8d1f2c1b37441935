/** A WebSocket frame (RFC 6455, section 5.2), written by hand to break the rules with. */
export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

/** Short frames only: up to 65,535 bytes. */
export function encodeFrame(
  opcode: number,
  payload: string | Uint8Array = '',
  { masked = true, reserved = 0 } = {},
): Buffer {
  const data = Buffer.from(payload as string)
  const mask = Buffer.from([1, 2, 3, 4])
  const length =
    data.length < 126 ? [data.length] : [126, Math.floor(data.length / 256), data.length % 256]
  const head = Buffer.from([0x80 | reserved | opcode, ...length])
  if (!masked) return Buffer.concat([head, data])
  head[1]! |= 0x80
  return Buffer.concat([head, mask, data.map((byte, at) => byte ^ mask[at % 4]!)])
}

/** A Close frame's payload. */
export function closePayload(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
}

/** The first frame of a server's bytes, and how many of them it took. */
export function parseFrame(bytes: Buffer): { frame: Frame; size: number } | undefined {
  if (bytes.length < 2) return undefined
  const short = bytes[1]! & 0x7f
  const start = short < 126 ? 2 : 4
  if (bytes.length < start) return undefined
  const size = start + (short < 126 ? short : bytes.readUInt16BE(2))
  if (bytes.length < size) return undefined
  return { frame: { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(start, size) }, size }
}

/** What a Close frame says. */
export function closeOf({ opcode, payload }: Frame): { code: number; reason: string } {
  if (opcode !== opcodes.close) throw new Error(`Not a Close frame, but one of opcode ${opcode}`)
  return {
    code: payload.length === 0 ? 1005 : payload.readUInt16BE(0),
    reason: payload.subarray(2).toString(),
  }
}
