/** Tap: tells of each message of a connection, for as long as somebody wants to know. */

import { type Parts, parts } from '../connection/counts.js'
import type { Queued } from '../connection/queue.js'
import type { Listed } from '../connection/roster.js'
import { isFragments } from '../fragments.js'
import { isPrepared, prepared } from '../prepare.js'
import { byteLength, type Message, sameMessage } from '../socket.js'
import type { MessageView } from './inspection.js'

/** Begins to tell; returns what ends it. Several may listen to one connection. */
export function tap(connection: Listed, tell: (message: MessageView) => void): () => void {
  const { socket, writer, beat }: Parts = connection[parts]
  const { outbox } = writer
  const { id } = connection
  const isBeat = (message: Message) => beat !== undefined && sameMessage(message, beat)
  const onMessage = (message: Message) => {
    if (!isBeat(message)) tell({ id, direction: 'in', ...viewOf(message) })
  }
  const onSent = (queued: Queued) => {
    if (isFragments(queued)) {
      tell({ id, direction: 'out', kind: 'binary' })
      return
    }
    const message = isPrepared(queued) ? queued[prepared].message : queued
    if (!isBeat(message)) tell({ id, direction: 'out', ...viewOf(message) })
  }
  socket.addListener('message', onMessage)
  const taps = (tapsOf.get(outbox) ?? new Set()).add(onSent)
  tapsOf.set(outbox, taps)
  outbox.tap = message => taps.forEach(each => each(message))
  return () => {
    socket.removeListener('message', onMessage)
    taps.delete(onSent)
    if (taps.size === 0) outbox.tap = undefined
  }
}

const tapsOf = new WeakMap<object, Set<(message: Queued) => void>>()

function viewOf(message: Message): Pick<MessageView, 'kind' | 'bytes'> {
  return {
    kind: typeof message === 'string' ? 'text' : 'binary',
    bytes: byteLength(message),
  }
}
