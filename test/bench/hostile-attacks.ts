/** The attacks: each goes on for so long, and says what came of it. */

import { constants, deflateRawSync } from 'node:zlib'
import { encodeFrame, opcodes } from '../wire/frame.js'
import { frameHead, Hostile, type Manners } from './hostile-connection.js'

/** What is attacked, and how hard. */
export interface Target {
  readonly port: number
  /** In ms. */
  readonly lasts: number
  /** How many connections there are at the most. */
  readonly count: number
  /** Between two bytes of who is slow, in ms. */
  readonly pace: number
  /** How much there is of what is large, in bytes. */
  readonly size: number
}

export interface Outcome {
  /** How many connections got what. */
  readonly got: Readonly<Record<string, number>>
  /** How many messages came back. */
  readonly echoes: number
  /** How many bytes were written. */
  readonly bytes: number
}

export const attacks = { flood, deafFlood, fragments, bomb, slowHandshake, slowFrame, crowd }

export type Attack = keyof typeof attacks

const { text } = opcodes
const [final, compressed, continued] = [0x80, 0x40, 0]

const messages = Buffer.concat(Array<Buffer>(1_000).fill(encodeFrame(text, 'x'.repeat(32))))

/** Small messages as fast as TCP takes them. Who is told to go goes, and comes back. */
function flood(target: Target): Promise<Outcome> {
  return again(target, {}, async (hostile, running) => {
    let bytes = 0
    for (; running() && hostile.welcome; bytes += messages.length) await hostile.write(messages)
    return bytes
  })
}

/** The same, by one that goes on when it is told to go. */
function deafFlood(target: Target): Promise<Outcome> {
  return again(target, { deaf: true }, async (hostile, running) => {
    let bytes = 0
    for (; running() && !hostile.ended; bytes += messages.length) await hostile.write(messages)
    return bytes
  })
}

/** One message, whose last fragment never comes. It goes on when it is told to go. */
function fragments(target: Target): Promise<Outcome> {
  const fragment = Buffer.alloc(64 * 1024, 'x')
  return again(target, { deaf: true }, async (hostile, running) => {
    let bytes = 0
    for (; running() && !hostile.ended && bytes < target.size; bytes += fragment.length) {
      await hostile.write(frameHead(bytes === 0 ? text : continued, fragment.length))
      await hostile.write(fragment)
    }
    return bytes
  })
}

/** A message of few bytes, which inflates to many. */
function bomb(target: Target): Promise<Outcome> {
  // what is flushed fully can be there many times
  const charge = Math.min(target.size, 16 * 1024 * 1024)
  const part = deflateRawSync(Buffer.alloc(charge), { finishFlush: constants.Z_FULL_FLUSH })
  const payload = Buffer.concat(Array<Buffer>(target.size / charge).fill(part))
  return again(target, { extensions: 'permessage-deflate' }, async hostile => {
    await hostile.write(frameHead(final | compressed | text, payload.length))
    await hostile.write(payload)
    await hostile.until(() => !hostile.welcome)
    return payload.length
  })
}

type Wave = (hostile: Hostile, running: () => boolean) => Promise<number>

/** One connection after the other. */
async function again(target: Target, manners: Manners, wave: Wave): Promise<Outcome> {
  const all: Hostile[] = []
  let [running, bytes] = [true, 0]
  const over = setTimeout(() => {
    running = false
    // it may be waiting, for room to write or for an answer
    all.at(-1)?.drop()
  }, target.lasts)
  while (running && all.length < target.count) {
    const hostile = await Hostile.upgraded(target.port, manners)
    all.push(hostile)
    bytes += await wave(hostile, () => running)
    hostile.drop()
  }
  clearTimeout(over)
  return outcome(all, bytes)
}

/** Opening handshakes, byte by byte. */
function slowHandshake(target: Target): Promise<Outcome> {
  const request = Buffer.from(`GET /ws HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1_000)}`)
  const all = Array.from({ length: target.count }, () => new Hostile(target.port))
  return trickle(target, all, request)
}

/** Messages, byte by byte. */
async function slowFrame(target: Target): Promise<Outcome> {
  const all = await together(target.port, target.count)
  return trickle(target, all, Buffer.concat([frameHead(final | text, 1_000), Buffer.alloc(999)]))
}

async function trickle(target: Target, all: Hostile[], bytes: Buffer): Promise<Outcome> {
  let at = 0
  const drip = setInterval(() => {
    const next = bytes.subarray(at, ++at)
    for (const hostile of all) if (!hostile.ended) void hostile.write(next)
  }, target.pace)
  const over = setTimeout(() => all.forEach(drop), target.lasts)
  await Promise.all(all.map(ended))
  clearInterval(drip)
  clearTimeout(over)
  return outcome(all, at * all.length)
}

/** As many connections as there may be. Who is let in stays. */
async function crowd({ port, lasts, count }: Target): Promise<Outcome> {
  const all: Hostile[] = []
  const over = setTimeout(() => all.forEach(drop), lasts)
  while (all.length < count) {
    all.push(...(await together(port, Math.min(100, count - all.length), { lively: true })))
    // what was refused is over
    await Promise.all(all.filter(({ status }) => status !== 101).map(ended))
  }
  const came = outcome(all, 0)
  clearTimeout(over)
  all.forEach(drop)
  return came
}

function together(port: number, count: number, manners?: Manners): Promise<Hostile[]> {
  return Promise.all(Array.from({ length: count }, () => Hostile.upgraded(port, manners)))
}

function drop(hostile: Hostile): void {
  hostile.drop()
}

function ended(hostile: Hostile): Promise<void> {
  return hostile.until(() => false)
}

function outcome(all: readonly Hostile[], bytes: number): Outcome {
  const got: Record<string, number> = {}
  for (const { fate } of all) got[fate] = (got[fate] ?? 0) + 1
  return { got, echoes: all.reduce((sum, { messages }) => sum + messages, 0), bytes }
}
