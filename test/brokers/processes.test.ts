/** Three servers in processes of their own, on one real broker. */

import { describe, expect, onTestFinished, test } from 'vitest'
import { BrokerProcess } from './broker-process.js'
import { HubProcess, type Member, membersOf } from './hub-process.js'
import { here, quick } from './subjects.js'

// each takes some 6 s, most of it the start of the processes and their clients
const timeout = 30_000
const topics = 10
const clients = 300

/** What each should have heard: all of its topic. In what order, its publishers say. */
function misheard(members: readonly Member[], rounds: number): string[] {
  const wrong: string[] = []
  for (const { name, topic, heard } of members) {
    const publishers = members.filter(each => each.topic === topic)
    const expected = publishers.length * rounds
    if (heard.length !== expected) wrong.push(`${name} heard ${heard.length} of ${expected}`)
    wrong.push(...disorder(name, heard))
    const all = new Set(publishers.map(each => each.name))
    if (!heard.every(each => all.has(each.split(' ')[0]!))) wrong.push(`${name} heard others`)
  }
  return wrong
}

/** Where one publisher's messages came twice, or in another order than it said them. */
function disorder(name: string, heard: readonly string[]): string[] {
  const last = new Map<string, number>()
  return heard.flatMap(message => {
    const [by = '', number] = message.split(' ')
    const before = last.get(by) ?? -1
    last.set(by, Number(number))
    return Number(number) > before ? [] : [`${name} heard ${message} behind ${before}`]
  })
}

describe.each(here.map(kind => ({ kind })))('three processes on $kind', ({ kind }) => {
  async function started() {
    const broker = await BrokerProcess.start(kind)
    onTestFinished(() => broker.stop())
    const plan = { source: 'src', kind, url: broker.url, options: quick } as const
    const servers = await Promise.all([1, 2, 3].map(() => HubProcess.start(plan)))
    onTestFinished(async () => {
      await Promise.all(servers.map(server => server.kill()))
    })
    const members = await membersOf(servers, topics, clients)
    onTestFinished(() => members.forEach(member => member.leave()))
    await Promise.all(servers.map(server => server.reaching(topics, 'shared')))
    return { broker, servers, members }
  }

  test(
    'bring 300 clients 10,000 messages in 10 topics: to each what it should get, in order per publisher',
    { timeout },
    async () => {
      const { servers, members } = await started()
      // 300 × 34, which is 10,200 messages to 30 members each
      const rounds = 34
      for (let round = 0; round < rounds; round++) members.forEach(member => member.say())
      const each = (clients / topics) * rounds
      await Promise.all(members.map(member => member.hears(each)))
      expect(misheard(members, rounds)).toEqual([])
      for (const server of servers) {
        const { flow } = await server.report()
        expect(flow).toEqual({
          published: (clients * rounds) / 3,
          received: ((clients * rounds) / 3) * 2,
          delivered: (clients * each) / 3,
          lost: 0,
          unconfirmed: 0,
          rejected: 0,
        })
      }
    },
  )

  test(
    'go on by themselves while the broker is killed in the middle of it, and share again afterwards',
    { timeout },
    async () => {
      const { broker, servers, members } = await started()
      const rounds = 34
      for (let round = 0; round < rounds / 2; round++) members.forEach(member => member.say())
      // by then messages are on their way everywhere
      await members[0]!.hears(100)
      await broker.kill()
      await Promise.all(servers.map(server => server.reaching(topics, 'lost')))
      for (let round = rounds / 2; round < rounds; round++) members.forEach(member => member.say())
      // each hears all that is said at its own server, and the rest as far as it came
      const local = (member: Member) =>
        members.filter(({ topic, server }) => topic === member.topic && server === member.server)
      const last = (member: Member) => `${member.name} ${rounds - 1}`
      await Promise.all(members.map(member => member.hearsOf(local(member).map(last))))
      for (const member of members) {
        const own = new Set(local(member).map(({ name }) => name))
        const heard = member.heard.filter(each => own.has(each.split(' ')[0]!))
        expect(heard).toHaveLength(own.size * rounds)
      }
      const reports = await Promise.all(servers.map(server => server.report()))
      for (const { flow, rss } of reports) {
        expect(flow.published).toBe((clients * rounds) / 3)
        // at least what was said while everybody knew, and never more than was said
        expect(flow.lost).toBeGreaterThanOrEqual((clients * rounds) / 3 / 2)
        expect(flow.lost + flow.unconfirmed).toBeLessThanOrEqual(flow.published)
        // a process starts with some 100 MiB under its loader
        expect(rss).toBeLessThan(400 * 1024 * 1024)
      }
      const handed = reports.map(({ flow }) => flow.published - flow.lost)
      reports.forEach(({ flow }, at) => {
        // what is counted as lost has not arrived: what the broker had when it died may not have, too
        const most = handed.reduce((sum, each, n) => (n === at ? sum : sum + each), 0)
        expect(flow.received).toBeLessThanOrEqual(most)
      })

      await broker.start()
      await Promise.all(servers.map(server => server.reaching(topics, 'restored')))
      const before = members.map(({ heard }) => heard.length)
      members.forEach(member => member.say())
      await Promise.all(members.map((member, at) => member.hears(before[at]! + clients / topics)))
      for (const { name, heard } of members) expect(disorder(name, heard)).toEqual([])
    },
  )

  test('of which one is killed leave the others with each other', { timeout }, async () => {
    const { servers, members } = await started()
    members.forEach(member => member.say())
    await servers[0]!.kill()
    const left = members.filter(({ server }) => server !== 0)
    for (let round = 1; round < 10; round++) left.forEach(member => member.say())
    const last = (member: Member) =>
      left.filter(({ topic }) => topic === member.topic).map(({ name }) => `${name} 9`)
    await Promise.all(left.map(member => member.hearsOf(last(member))))
    for (const { name, topic, heard } of left) {
      expect(disorder(name, heard)).toEqual([])
      const own = new Set(left.filter(each => each.topic === topic).map(each => each.name))
      expect(heard.filter(each => own.has(each.split(' ')[0]!))).toHaveLength(own.size * 10)
    }
    for (const server of servers.slice(1)) {
      expect((await server.report()).flow).toMatchObject({ lost: 0, unconfirmed: 0 })
    }
  })
})

test('what needs a broker runs where there is one, or has said what is left out', () => {
  expect(here.length).toBeLessThanOrEqual(2)
})
