/** The table, played to our client by a raw server. */

import type { Socket } from 'node:net'
import { describe, test } from 'vitest'
import { connect } from 'rivulet'
import { dialed } from '../wire/dialed.js'
import { checkLeaks } from '../wire/leak-check.js'
import { rawServing, switching } from '../wire/raw-server.js'
import { limits } from './limits.js'
import { type Borders, cut, dice, judge, outcome, play } from './peer.js'
import { type Case, cases } from './table.js'
import { sendable } from './table-close.js'
import { close } from './wire.js'

checkLeaks()

const borders: readonly Borders[] = ['whole', 'byte by byte', 'at random']

/** Our client is told of the case by a server, which it echoes. */
async function played(each: Case, chunksOf: (bytes: Buffer) => Buffer[]): Promise<void> {
  let ask!: (tcp: Socket) => void
  const asked = new Promise<Socket>(resolve => (ask = resolve))
  const { url } = await rawServing((tcp, key) => {
    tcp.write(switching(key))
    ask(tcp)
  })
  const { closed } = dialed(connect(url, { limits }, ({ messages }) => messages))
  const got = await play(await asked, each, 'server', chunksOf)
  judge(each, got, await closed)
}

describe.each(borders)('written %s', mode => {
  test.each(cases.map(each => [`${each.section}: ${each.what} ${outcome(each)}`, each] as const))(
    '%s',
    async (_, each) => {
      const random = dice(each.what.length)
      await played(each, bytes => cut(bytes, mode, random))
    },
  )
})

test('7.4: of all codes up to 5000 those are taken that may be sent', async () => {
  for (let code = 0; code <= 5_000; code += code > 990 && code < 1_020 ? 1 : 41) {
    const ends = sendable(code) ? { closed: code } : { fails: 1002 }
    const sends = [close(code)]
    await played({ section: '7.4', what: `${code}`, sends, gets: [], ends }, bytes => [bytes])
  }
})
