import { decode, encode } from 'cborg'
import { binary, type Codec } from 'rivulet'

export const cbor: Codec<unknown> = {
  decode: message => decode(binary.decode(message), { rejectDuplicateMapKeys: true }) as unknown,
  encode: value => encode(value),
}
