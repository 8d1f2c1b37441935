/** A large transfer to a reader that rests again and again, as messages and as one message. */

import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Child, type Library, type Plan } from './child.js'
import { maskedFrame, normal, open } from './client.js'
import { check, type Run, run } from './run.js'
import { cap, chunkSize, type Size } from './size.js'

export async function transfers(
  size: Size,
  libraries: readonly Library[] = ['rivulet', 'ws'],
): Promise<{
  readonly paced: readonly Run[]
  readonly ws: readonly Run[]
}> {
  return {
    paced: [
      await transfer('rivulet, messages', size, 'messages', 'rivulet'),
      await transfer('rivulet, fragments', size, 'fragments', 'rivulet'),
    ],
    ws: !libraries.includes('ws') ? [] : [await transfer('raw ws', size, 'messages', 'ws')],
  }
}

function transfer(
  name: string,
  size: Size,
  kind: 'messages' | 'fragments',
  library: Library,
): Promise<Run> {
  const { source, seed } = size
  const count = Math.ceil(size.transfer / chunkSize)
  const plan: Plan = { kind, library, source, seed, size: chunkSize, count, cap }
  return run(name, plan, async server => {
    const tcp = await open(server.port)
    const stop = () => library === 'ws' && server.rss > cap
    try {
      const got = await read(tcp, size, stop)
      if (!got) return 'stopped for its memory'
      const { messages, bytes, hash, code, pongs } = got
      const whole = kind === 'messages' ? count : 1
      check(bytes === count * chunkSize, `${bytes} bytes came, not ${count * chunkSize}`)
      check(messages === whole, `${messages} messages came, not ${whole}`)
      check(code === 1000, `it ended with ${code}`)
      await sameHash(server, hash)
      check(pongs > 0, 'no pong came between the frames')
      return `${messages} ${messages === 1 ? 'message' : 'messages'}, ${bytes / 1024 ** 2} MiB`
    } finally {
      tcp.destroy()
    }
  })
}

async function sameHash(server: Child, hash: string): Promise<void> {
  await server.until(() => server.hash !== undefined, 2_000, 'done hashing')
  check(server.hash === hash, 'what came is not what was sent: the hashes differ')
}

interface Got {
  messages: number
  bytes: number
  hash: string
  /** Of the Close frame. */
  code: number
  /** What came between the frames of the transfer. */
  pongs: number
}

/** Reads to the Close frame, with rests; `undefined` when it was to stop before that. */
function read(tcp: Socket, { rest, restEvery }: Size, stop: () => boolean) {
  const hash = createHash('sha256')
  const got = { messages: 0, bytes: 0, code: 0, pongs: 0 }
  let head: Buffer = Buffer.alloc(0)
  // of the frame that is being read
  let first = 0
  let left = 0
  let rests = 0

  const begin = () => {
    const length = head[1]! & 0x7f
    first = head[0]!
    left =
      length < 126
        ? length
        : length === 126
          ? head.readUInt16BE(2)
          : Number(head.readBigUInt64BE(2))
    if ((first & 0x0f) === 10) got.pongs++
    else if ((first & 0x88) === 0x80) got.messages++
    head = Buffer.alloc(0)
  }
  const headSize = () => {
    if (head.length < 2) return 2
    const length = head[1]! & 0x7f
    return length < 126 ? 2 : length === 126 ? 4 : 10
  }

  return new Promise<Got | undefined>((resolve, reject) => {
    const timer = setInterval(() => {
      if (stop()) resolve(undefined)
    }, 50)
    tcp.on('close', () => {
      clearInterval(timer)
      reject(new Error(`the connection ended after ${got.bytes} bytes`))
    })
    tcp.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length;) {
        if (left === 0) {
          const part = chunk.subarray(at, at + headSize() - head.length)
          head = Buffer.concat([head, part])
          at += part.length
          if (head.length >= 2 && head.length === headSize()) begin()
          continue
        }
        const payload = chunk.subarray(at, at + left)
        at += payload.length
        left -= payload.length
        if (first === 0x88) {
          // its two bytes were written at once
          got.code = payload.readUInt16BE(0)
          tcp.end(maskedFrame(8, normal))
          resolve({ ...got, hash: hash.digest('hex') })
          return
        }
        if ((first & 0x08) === 0) {
          hash.update(payload)
          got.bytes += payload.length
        }
      }
      if (got.bytes < (rests + 1) * restEvery) return
      rests++
      tcp.pause()
      // the answer has to pass between what is on its way
      tcp.write(maskedFrame(9, ''))
      setTimeout(() => tcp.resume(), rest)
    })
    tcp.resume()
  })
}
