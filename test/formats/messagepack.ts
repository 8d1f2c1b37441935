import { decode, encode } from '@msgpack/msgpack'
import { binary, type Codec } from 'rivulet'

export const messagePack: Codec<unknown> = {
  decode(message) {
    const bytes = binary.decode(message)
    checkCounts(bytes)
    return decode(bytes)
  },
  encode: value => encode(value),
}

/**
 * Five bytes can announce an array of four billion, and decoders make room for it at once. An honest
 * array or map has no more members than the message has bytes, counted over all that are in it.
 */
function checkCounts(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sizes: ((at: number) => number)[] = [
    at => view.getUint8(at),
    at => view.getUint16(at),
    at => view.getUint32(at),
  ]
  const read = (step: number, at: number) => sizes[step]?.(at) ?? 0
  let members = 0
  for (let at = 0; at < bytes.length;) {
    const head = view.getUint8(at++)
    if (head < 0x80 || head >= 0xe0) continue
    if (head < 0x90) members += 2 * (head & 15)
    else if (head < 0xa0) members += head & 15
    else if (head < 0xc0) at += head & 31
    else if (head >= 0xc4 && head <= 0xc6) at += (1 << (head - 0xc4)) + read(head - 0xc4, at)
    else if (head >= 0xc7 && head <= 0xc9) at += (1 << (head - 0xc7)) + read(head - 0xc7, at) + 1
    else if (head === 0xca || head === 0xcb) at += head === 0xca ? 4 : 8
    else if (head >= 0xcc && head <= 0xd3) at += 1 << ((head - 0xcc) % 4)
    else if (head >= 0xd4 && head <= 0xd8) at += 1 + (1 << (head - 0xd4))
    else if (head >= 0xd9 && head <= 0xdb) at += (1 << (head - 0xd9)) + read(head - 0xd9, at)
    else if (head === 0xdc || head === 0xdd) {
      members += read(head - 0xdb, at)
      at += 2 * (head - 0xdb)
    } else if (head >= 0xde) {
      members += 2 * read(head - 0xdd, at)
      at += 2 * (head - 0xdd)
    }
    if (members > bytes.length) throw new Error('The message announces more than it has')
  }
}
