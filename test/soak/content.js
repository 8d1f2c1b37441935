// What is sent, made from a seed on both ends: the receiver knows each byte that has to come.
// Plain JavaScript, as the servers are.

// Park and Miller's generator: enough to make every part of a text unlike the others
function bytesOf(seed, size, from, kinds) {
  const bytes = Buffer.alloc(size)
  let state = (seed % 2147483646) + 1
  for (let at = 0; at < size; at++) {
    state = (state * 48271) % 2147483647
    bytes[at] = from + (state % kinds)
  }
  return bytes
}

export function textOf(seed, size) {
  const letters = bytesOf(seed, 2 * size, 97, 26).toString('latin1')
  return n => {
    const start = (n * 131) % size
    return String(n).padStart(8, '0') + letters.slice(start, start + size - 8)
  }
}

export function chunkOf(seed, size) {
  const block = bytesOf(seed, 2 * size, 0, 256)
  return n => {
    const chunk = Buffer.allocUnsafeSlow(size)
    const start = (n * 4099) % size
    block.copy(chunk, 0, start, start + size)
    chunk.writeUInt32BE(n, 0)
    return chunk
  }
}
