/** The raw end of a connection: it plays a case, and keeps what comes back. */

import type { Socket } from 'node:net'
import { expect } from 'vitest'
import type { Close } from 'rivulet'
import type { Case } from './table.js'
import { close, encode, shown, StrictReader, type Wire } from './wire.js'

/** Where the bytes are cut into chunks. */
export type Borders = 'whole' | 'byte by byte' | 'at random'

/** The chunks of these bytes. */
export function cut(bytes: Buffer, borders: Borders, random: () => number): Buffer[] {
  if (borders === 'whole') return [bytes]
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const large = bytes.length > 4_096
    // of a large one the first bytes only: its head is there
    const size =
      borders === 'byte by byte'
        ? large && at > 32
          ? 65_521
          : 1
        : 1 + Math.floor(random() * (large && at > 32 ? 150_000 : 9))
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

/** Writes so that each chunk is read by itself: on loopback it has come when the turn is over. */
export async function writeInTurns(tcp: Socket, chunks: readonly Buffer[]): Promise<void> {
  for (const chunk of chunks) {
    if (!tcp.writable) return
    tcp.write(chunk)
    if (chunks.length > 1) await new Promise(setImmediate)
  }
}

/** A small generator of numbers from 0 to 1: xorshift32. */
export function dice(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Plays a case from the other end of `tcp`, whose handshake is done: all frames that came back. */
export async function play(
  tcp: Socket,
  { sends, ends }: Case,
  as: 'client' | 'server',
  chunksOf: (bytes: Buffer) => Buffer[],
  deflates = false,
): Promise<readonly Wire[]> {
  const fromClient = as === 'client'
  const reader = new StrictReader(!fromClient, deflates)
  const got: Wire[] = []
  let failure: unknown
  tcp.setNoDelay(true)
  tcp.on('data', chunk => {
    try {
      got.push(...reader.read(chunk))
    } catch (error) {
      failure = error
      tcp.destroy()
    }
    // the server is the first to end TCP (7.1.1)
    if (!fromClient && got.at(-1)?.opcode === 8) tcp.end()
  })
  const over = new Promise<void>(resolve => tcp.once('close', () => resolve()))
  const last = ends ? [] : [close(1000)]
  const bytes = [...sends, ...last].map(each =>
    Buffer.isBuffer(each) ? each : encode(each, fromClient),
  )
  await writeInTurns(tcp, chunksOf(Buffer.concat(bytes)))
  if (ends && 'lost' in ends) tcp.end()
  await over
  if (failure) throw failure as Error
  expect(reader.unfinished).toBe(false)
  return got
}

/** Holds what came back, and how the connection says that it ended, to the case. */
export function judge(
  { gets, ends = { closed: 1000 } }: Case,
  got: readonly Wire[],
  ending: Close,
): void {
  const answer =
    'lost' in ends
      ? []
      : [close('fails' in ends ? ends.fails : ends.closed === 1005 ? undefined : ends.closed)]
  // the reason of our answer is ours to choose
  const back = got.map(each =>
    each.opcode === 8 ? { ...each, payload: each.payload.subarray(0, 2) } : each,
  )
  expect(back.map(shown)).toEqual([...gets, ...answer].map(each => shown({ ...each, fin: true })))
  if ('fails' in ends) {
    expect(ending).toMatchObject({ code: 1006, wasClean: false, by: 'local', sent: ends.fails })
    expect(ending.cause).toMatchObject({ code: 'ERR_PROTOCOL', closeCode: ends.fails })
    expect(ending).not.toHaveProperty('received')
  } else if ('lost' in ends) {
    expect(ending).toMatchObject({ code: 1006, reason: '', wasClean: false, by: 'network' })
    expect(ending).not.toHaveProperty('sent')
  } else {
    const { closed, reason = '' } = ends
    expect(ending).toMatchObject({ code: closed, reason, wasClean: true, by: 'peer' })
    expect(ending).toMatchObject({ sent: closed, received: closed })
  }
}

/** What becomes of it, in words. */
export function outcome({ ends, gets }: Case): string {
  if (!ends) return gets.length > 0 ? 'comes back' : 'changes nothing'
  if ('fails' in ends) return `fails with ${ends.fails}`
  return 'lost' in ends ? 'ends with 1006' : `is answered with ${ends.closed}`
}
