/** The table, played to our server by a raw client. */

import { firstValueFrom, mergeMap } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { checkLeaks } from '../wire/leak-check.js'
import { RawClient } from '../wire/raw-client.js'
import { nextOf, serving } from '../wire/serving.js'
import { limits } from './limits.js'
import { type Borders, cut, dice, judge, outcome, play } from './peer.js'
import { cases } from './table.js'
import { sendable } from './table-close.js'
import { close } from './wire.js'

checkLeaks()

const borders: readonly Borders[] = ['whole', 'byte by byte', 'at random']

describe.each(borders)('written %s', mode => {
  test.each(cases.map(each => [`${each.section}: ${each.what} ${outcome(each)}`, each] as const))(
    '%s',
    async (_, each) => {
      const { port, server } = await serving({ limits }, ({ messages }) => messages)
      const ended = firstValueFrom(server.connections.pipe(mergeMap(({ closed }) => closed)))
      const client = await RawClient.upgraded(port)
      client.tcp.removeAllListeners('data')
      const random = dice(each.what.length)
      const got = await play(client.tcp, each, 'client', bytes => cut(bytes, mode, random))
      judge(each, got, await ended)
    },
  )
})

test('7.4: of all codes up to 5000 those are taken that may be sent', async () => {
  const { port, server } = await serving()
  for (let code = 0; code <= 5_000; code += code > 990 && code < 1_020 ? 1 : 7) {
    const ended = nextOf(server).then(({ closed }) => firstValueFrom(closed))
    const client = await RawClient.upgraded(port)
    client.tcp.removeAllListeners('data')
    const ends = sendable(code) ? { closed: code } : { fails: 1002 }
    const each = { section: '7.4', what: `${code}`, sends: [close(code)], gets: [], ends }
    judge(each, await play(client.tcp, each, 'client', bytes => [bytes]), await ended)
  }
})

describe('7.1.4: both ends that close at once', () => {
  test.each([
    ['the same code', 1000],
    ['another code', 4000],
  ])('see the Close frame of the other, with %s', async (_, code) => {
    const { port, server } = await serving()
    const taken = nextOf(server)
    const client = await RawClient.upgraded(port)
    const connection = await taken
    const ended = firstValueFrom(connection.closed)
    connection.close(1000, 'ours')
    client.frame(8, close(code, 'theirs').payload)
    expect((await client.next()).payload.toString('latin1')).toBe('\x03\xe8ours')
    expect(await ended).toMatchObject({ wasClean: true, by: 'local', sent: 1000, received: code })
  })
})
