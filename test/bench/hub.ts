/**
 * What a topic costs, with and without a broker: 300 clients, each in one of 10 topics, say 10,200
 * messages at once, and each hears all of its topic, 306,000 tellings in all. Then one message at a
 * time, from a client to another one, who is at another process where there are several.
 *
 *     npm run bench:hub
 */

import { availableParallelism, cpus } from 'node:os'
import { BrokerProcess, brokersHere, type Kind } from '../brokers/broker-process.js'
import { HubProcess, type Member, membersOf } from '../brokers/hub-process.js'

const clients = 300
const topics = 10
const each = 34
const rounds = 5
const alone = 300

interface Candidate {
  readonly name: string
  readonly servers: readonly HubProcess[]
  readonly members: readonly Member[]
  readonly rates: number[]
  readonly costs: number[]
  readonly latencies: number[]
}

const stops: (() => Promise<void>)[] = []

async function enter(name: string, processes: number, kind?: Kind): Promise<Candidate> {
  const broker = kind && (await BrokerProcess.start(kind))
  if (broker) stops.push(() => broker.stop())
  const plan = { source: 'dist', kind, url: broker?.url } as const
  const servers: HubProcess[] = []
  for (let n = 0; n < processes; n++) {
    const server = await HubProcess.start(plan)
    servers.push(server)
    stops.unshift(() => server.kill())
  }
  const members = await membersOf(servers, topics, clients)
  for (const server of servers) await server.reaching(topics, 'shared')
  return { name, servers, members, rates: [], costs: [], latencies: [] }
}

async function used({ servers }: Candidate): Promise<number> {
  const reports = await Promise.all(servers.map(server => server.report()))
  return reports.reduce((sum, report) => sum + report.used, 0)
}

async function measure(candidate: Candidate): Promise<void> {
  const { members } = candidate
  const tellings = clients * (clients / topics) * each
  const expected = members.map(({ heard }) => heard.length + (clients / topics) * each)
  const before = await used(candidate)
  const start = performance.now()
  for (let n = 0; n < each; n++) members.forEach(member => member.say())
  await Promise.all(members.map((member, at) => member.hears(expected[at]!)))
  candidate.rates.push(tellings / ((performance.now() - start) / 1_000))
  candidate.costs.push(((await used(candidate)) - before) / tellings)

  // the first two members are of the same topic at different servers, where there are several
  const speaker = members[0]!
  const listener = members.find(({ topic, server }) => topic === 0 && server !== speaker.server)
  const hearer = listener ?? members.find(each => each !== speaker && each.topic === 0)!
  for (let n = 0; n < alone; n++) {
    const count = hearer.heard.length
    const said = performance.now()
    speaker.say()
    await hearer.hears(count + 1)
    candidate.latencies.push(performance.now() - said)
  }
  // what the others have still to hear
  await Promise.all(
    members.map((member, at) => member.hears(expected[at]! + (member.topic === 0 ? alone : 0))),
  )
  for (const { heard } of members) heard.length = 0
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
const span = (numbers: readonly number[], shown: (n: number) => string) =>
  `${shown(median(numbers))} (${shown(Math.min(...numbers))}–${shown(Math.max(...numbers))})`

const candidates = [await enter('1 process, no broker', 1)]
for (const kind of brokersHere()) {
  const name = { nats: 'NATS', redis: 'Redis' }[kind]
  candidates.push(await enter(`1 process, ${name}`, 1, kind))
  candidates.push(await enter(`3 processes, ${name}`, 3, kind))
}
for (const candidate of candidates) await measure(candidate)
for (const { rates, costs, latencies } of candidates) {
  rates.length = costs.length = latencies.length = 0
}
for (let round = 0; round < rounds; round++) {
  for (const candidate of candidates) await measure(candidate)
}

const thousands = (n: number) => `${Math.round(n / 1_000)}k`
console.log(
  `${clients} clients, ${topics} topics, ${clients * each} messages of some 8 bytes at once`,
)
console.log(
  `Node ${process.version} on ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`,
)
console.log(
  `All on one machine, the load too. Medians of ${rounds} rounds, then the least and the most`,
)
console.table(
  Object.fromEntries(
    candidates.map(({ name, rates, costs, latencies }) => [
      name,
      {
        'tellings/s': span(rates, thousands),
        'CPU of the servers for one': span(costs, n => n.toFixed(1)) + ' µs',
        'one alone': `${median(latencies).toFixed(2)} ms`,
      },
    ]),
  ),
)
for (const { members } of candidates) members.forEach(member => member.leave())
for (const stop of stops) await stop()
