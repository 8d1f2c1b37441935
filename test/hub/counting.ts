import type { Codec } from 'rivulet'

/** JSON that counts how often it is asked. */
export function counting<T>() {
  const codec = {
    encoded: 0,
    decoded: 0,
    encode(value: T) {
      codec.encoded++
      const text = JSON.stringify(value) as string | undefined
      if (text === undefined) throw new Error('not to be had as JSON')
      return text
    },
    decode(message: string | Uint8Array) {
      codec.decoded++
      return JSON.parse(String(message)) as T
    },
  }
  return codec satisfies Codec<T>
}
