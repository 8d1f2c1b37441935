/**
 * All benchmarks: writes docs/benchmarks.md and its plots. Takes some minutes.
 *
 *     npm run bench
 *     npm run bench -- --only pingpong,memory    to the console, and writes nothing
 *     npm run bench -- --rounds 11
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Figures, Ratio } from './compare.js'
import { type Group, plot, round } from './plot.js'
import { hasGorilla, pinned, pinSelf } from './process.js'
import { clients, helloWriters, latency, memory, type Memory, workloads } from './tables.js'

const { values } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '7' } },
})
const rounds = Number(values.rounds)
const only = values.only?.split(',')
const wanted = (name: string) => only === undefined || only.includes(name)

const ratio = ({ median, low, high }: Ratio) =>
  `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at ? '---:' : '---'))), ...rows.map(line)].join(
    '\n',
  )
}

const tableOf = (figures: readonly Figures[], unit: string) =>
  table(
    ['', `${unit} a CPU second`, 'ratio', `${unit} a second`, 'ratio', 'busy'],
    figures.map(({ name, perCpuSecond, cpu, perSecond, rate, busy }) => [
      name,
      round(perCpuSecond),
      ratio(cpu),
      round(perSecond),
      ratio(rate),
      `${Math.round(busy * 100)} %`,
    ]),
  )

/** Met or not; what is missing counts only beyond what the control is off by itself. */
function verdict(value: number, aim: number, noise: number): string {
  if (value >= aim) return 'met'
  const short = `${Math.round((1 - value / aim) * 100)} % short`
  return value >= aim * (1 - noise) ? `${short}, within the noise` : short
}

const aims: string[][] = []
const groups: Group[] = []
const sections: string[] = []

function judge(title: string, floor: number, goal: number, value: Ratio, control: Ratio) {
  // how far the control's rounds are from 1, on the average of the two sides
  const noise = (control.high - control.low) / 2
  aims.push([
    title,
    value.median.toFixed(2),
    `${control.low.toFixed(2)}–${control.high.toFixed(2)}`,
    `${floor.toFixed(2)}: ${verdict(value.median, floor, noise)}`,
    `${goal.toFixed(2)}: ${verdict(value.median, goal, noise)}`,
  ])
}

function add(section: string): void {
  console.log(`${section}\n`)
  sections.push(section)
}

pinSelf()
const loads = [loadavg()[0]!]
let most: number | undefined
for (const [name, workload] of Object.entries({ ...workloads, hello: helloWriters })) {
  if (!wanted(name)) continue
  const { title, unit, floor, goal } = workload
  const figures = await workload.measure(rounds)
  if (name === 'pingpong') most = figures[0]!.perSecond
  judge(title, floor, goal, figures[2]!.cpu, figures[1]!.cpu)
  const bars = figures.map(({ name, cpu }) => ({ ...cpu, name, value: cpu.median }))
  groups.push({ title, bars, floor, goal })
  add(`### ${title}\n\n${tableOf(figures, unit)}`)
  loads.push(loadavg()[0]!)
}

let residents: Memory[] | undefined
if (wanted('memory')) {
  residents = await memory(10_000, 3)
  const [ws, control, own, , go] = residents
  // of cost, so the other way round
  const less = ({ low, bytes, high }: Memory): Ratio => ({
    median: ws!.bytes / bytes,
    low: ws!.bytes / high,
    high: ws!.bytes / low,
  })
  judge('RSS of an idle connection (ratio inverted)', 1 / 2, 1 / 1.5, less(own!), less(control!))
  const vsGo = go ? `; ${(own!.bytes / go.bytes).toFixed(2)} of gorilla's` : ''
  add(
    `### RSS of an idle connection\n\nWhat each of 10,000 connections adds once the garbage is ` +
      `collected; rivulet's is ${(own!.bytes / ws!.bytes).toFixed(2)} of raw ws's${vsGo}.\n\n` +
      table(
        ['', 'bytes', 'least', 'most', 'objects of JavaScript'],
        residents.map(({ name, bytes, low, high, heap }) => [
          name,
          round(bytes),
          round(low),
          round(high),
          heap === undefined ? '' : round(heap),
        ]),
      ),
  )
}
if (wanted('latency')) {
  // half of what raw ws did when it was asked for all it could
  const half = Math.round((most ?? 30_000) / 2_000) * 1_000
  const rows = await latency(half, 3)
  add(
    `### Latency of an echo of 16 B, ${round(half)} a second over 64 connections\n\n` +
      table(
        ['ms', 'p50', 'p99', 'p99.9'],
        rows.map(({ name, p50, p99, p999 }) => [name, round(p50), round(p99), round(p999)]),
      ),
  )
}
const ofClients: Group[] = []
if (wanted('clients')) {
  for (const inFlight of [1, 16]) {
    const figures = await clients(inFlight, Math.min(rounds, 5))
    const title = `Client: 64 connections, ${inFlight} in flight on each, all clients at once`
    const bars = figures.map(({ name, cpu }) => ({ ...cpu, name, value: cpu.median }))
    ofClients.push({ title, bars })
    add(`### ${title}\n\n${tableOf(figures, 'echoes')}`)
  }
}

if (only === undefined) {
  const { length, 0: cpu } = cpus()
  const cores = pinned ? 'servers pinned to one core, the load to another' : 'nothing pinned'
  const file = new URL('../../docs/benchmarks.md', import.meta.url)
  // what people wrote, before and behind the figures, stays
  const [before = '', rest = ''] = readFileSync(file, 'utf8').split('<!-- figures -->\n')
  const [, behind = ''] = rest.split('<!-- /figures -->\n')
  const machine =
    `Node ${process.version} on ${length} × ${cpu?.model ?? 'unknown'}; ${cores}; load average ` +
    `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)} while it was measured. ` +
    `gorilla/websocket: ${hasGorilla() ? 'measured' : 'left out, as Go is not installed'}.`
  const head = ['', 'rivulet', 'the control', 'floor', 'goal']
  const text =
    `${before}<!-- figures -->\n\n${machine}\n\n## Floors and goals\n\n${table(head, aims)}\n\n` +
    `![Messages a processor second, as ratios to raw ws](benchmarks-server.svg)\n\n` +
    `## Figures\n\n${sections.join('\n\n')}\n\n` +
    `![Echoes a processor second of clients, as ratios to rxjs/webSocket](benchmarks-client.svg)\n\n` +
    `<!-- /figures -->\n${behind}`
  writeFileSync(file, text)
  const at = (name: string) => new URL(`../../docs/benchmarks-${name}.svg`, import.meta.url)
  writeFileSync(at('server'), plot('Ratios to raw ws, per processor second', groups))
  writeFileSync(at('client'), plot('Ratios to rxjs/webSocket, per processor second', ofClients))
  console.log('docs/benchmarks.md is written')
}
process.exit()
