import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { binary, type Codec } from 'rivulet'

/** Of a message type that `protoc-gen-es` has generated. */
export function protobuf<D extends DescMessage>(type: D): Codec<MessageShape<D>> {
  return {
    decode: message => fromBinary(type, binary.decode(message)),
    encode: value => toBinary(type, value),
  }
}
