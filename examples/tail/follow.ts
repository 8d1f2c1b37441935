/** Follow: what a file has at its end, then what is added to it, through rotation and truncation. */

import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** A piece of the file, or what happened to it. */
export type Followed =
  { text: string } | { note: 'gone' | 'truncated' | 'replaced' } | { skipped: number }

const piece = 64 * 1024

/**
 * Reads the last part of a file, from the start of a line, then what is added, a piece at a time and
 * only when asked: a file of gigabytes takes no more memory than a short one.
 *
 * @param last bytes to show of what is already there
 * @param every ms between looks at a file that does not grow
 * @param left ends it, also while the file does not grow: `return()` waits for the next piece
 */
export async function* follow(
  path: string,
  last = piece,
  every = 250,
  left?: AbortSignal,
): AsyncGenerator<Followed> {
  let file: FileHandle | undefined
  let gone = false
  let position = 0
  let decoder = new TextDecoder()
  try {
    for (let first = true; !left?.aborted; first = false) {
      file ??= await open(path).catch(absent)
      if (!file) {
        if (!gone) yield { note: 'gone' }
        gone = true
        await wait(every)
        continue
      }
      gone = false
      const { size, ino } = await file.stat()
      if (first && size > last) {
        position = await lineAfter(file, size - last)
        yield { skipped: position }
      }
      if (size < position) {
        yield { note: 'truncated' }
        position = 0
        decoder = new TextDecoder()
      }
      const { bytesRead, buffer } = await file.read(Buffer.alloc(piece), 0, piece, position)
      position += bytesRead
      if (bytesRead > 0) {
        yield { text: decoder.decode(buffer.subarray(0, bytesRead), { stream: true }) }
        continue
      }
      // all of it is read: only now the name may lead to another file
      const now = await stat(path).catch(absent)
      if (now?.ino !== ino) {
        await file.close()
        file = undefined
        position = 0
        decoder = new TextDecoder()
        if (now) yield { note: 'replaced' }
      } else {
        await wait(every)
      }
    }
  } finally {
    await file?.close()
  }
}

/** Where the first whole line from here on begins; here, where no line ends within a piece. */
async function lineAfter(file: FileHandle, from: number): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(piece), 0, piece, from)
  return from + buffer.subarray(0, bytesRead).indexOf('\n') + 1
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
