import { firstValueFrom, switchMap } from 'rxjs'
import { expect, test } from 'vitest'
import { ClosedError, connect, type Message, session } from 'rivulet'
import { dialed } from './dialed.js'
import { closePayload, encodeFrame, opcodes } from './frame.js'
import { checkLeaks } from './leak-check.js'
import { rawServing, switching } from './raw-server.js'

checkLeaks()

const atOnce = 25

/** Greets in the very write that accepts, and answers the Close frame. */
async function greeter() {
  const greeting = encodeFrame(opcodes.text, 'hello', { masked: false })
  const close = encodeFrame(opcodes.close, closePayload(1000), { masked: false })
  const { url } = await rawServing((tcp, key) => {
    tcp.write(Buffer.concat([Buffer.from(switching(key)), greeting]))
    tcp.once('data', () => tcp.end(close))
  })
  return url
}

/** What each of so many gets, a few at a time. */
async function greetings(rounds: number, one: () => Promise<Message>): Promise<Message[]> {
  const all: Message[] = []
  const line = async () => {
    for (let round = 0; round < rounds / atOnce; round++) all.push(await one())
  }
  await Promise.all(Array.from({ length: atOnce }, line))
  return all
}

const hellos = (rounds: number) => Array.from({ length: rounds }, () => 'hello')

test('a greeting in the very write that accepts reaches who switches to messages', async () => {
  const url = await greeter()
  const connections = connect(url)
  const all = await greetings(1_000, () =>
    firstValueFrom(connections.pipe(switchMap(({ messages }) => messages))),
  )
  expect(all).toEqual(hellos(1_000))
})

test('a greeting in the very write that accepts reaches the messages of a session', async () => {
  const url = await greeter()
  const all = await greetings(250, async () => {
    const { messages, close, closed } = session(url)
    const message = await firstValueFrom(messages)
    close()
    expect(await firstValueFrom(closed)).toMatchObject({ code: 1000 })
    return message
  })
  expect(all).toEqual(hellos(250))
})

test.each([
  [
    'a Close frame',
    1008,
    'peer',
    encodeFrame(opcodes.close, closePayload(1008), { masked: false }),
  ],
  ['the end of TCP', 1006, 'network', Buffer.of()],
])('a greeting with %s right behind it is not lost', async (_, code, by, behind) => {
  const greeting = encodeFrame(opcodes.text, 'hello', { masked: false })
  const { url } = await rawServing((tcp, key) => {
    tcp.end(Buffer.concat([Buffer.from(switching(key)), greeting, behind]))
  })
  const { got, closed, outcome } = dialed(connect(url))
  expect(await got.next()).toBe('hello')
  expect(await closed).toMatchObject({ code, by })
  expect(await outcome).toBeInstanceOf(ClosedError)
})
