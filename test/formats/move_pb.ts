/** As `protoc-gen-es` writes it: message Move { int32 x = 1; int32 y = 2; string by = 3; } */

import type { Message } from '@bufbuild/protobuf'
import { fileDesc, type GenMessage, messageDesc } from '@bufbuild/protobuf/codegenv2'

const file = fileDesc(
  'Cgptb3ZlLnByb3RvEgRnYW1lIjIKBE1vdmUSDAoBeBgBIAEoBVIBeBIMCgF5GAIgASgFUgF5Eg4KAmJ5GAMgASgJUgJieWIGcHJvdG8z',
)

export type Move = Message<'game.Move'> & { x: number; y: number; by: string }

export const MoveSchema: GenMessage<Move> = messageDesc(file, 0)
