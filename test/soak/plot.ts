/** Draws the memory of servers over time, as an SVG that is readable in light and dark. */

import type { Sample } from './child.js'

export interface Panel {
  readonly title: string
  /** In the order of the legend; one that begins with `raw ws` is the one without bounds. */
  readonly runs: readonly { readonly name: string; readonly samples: readonly Sample[] }[]
}

const mebibyte = 1024 * 1024
const width = 900
const left = 64
const right = 236
const plotHeight = 150
const panelHeight = 236
const top = 20

// one hue for what is bounded, in steps, and another for what is not
const style = `
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif }
  .title { font-size: 15px; font-weight: 600; fill: #1f2933 }
  .axis, .label { fill: #5b6770 }
  .label { font-size: 12.5px }
  .grid { stroke: #dfe4e8 }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .s0 { --c: #8a97a3 } .s1 { --c: #0b7285 } .s2 { --c: #1c7ed6 } .s3 { --c: #7048e8 }
  .ws { --c: #d9480f }
  .line { stroke: var(--c) } .name { fill: var(--c); font-weight: 500 }
  .back { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    .title { fill: #e6edf3 } .axis, .label { fill: #9aa7b2 } .grid { stroke: #2b333b }
    .s0 { --c: #9aa7b2 } .s1 { --c: #3bc9db } .s2 { --c: #74c0fc } .s3 { --c: #b197fc }
    .ws { --c: #ff922b } .back { fill: #0d1117 }
  }`

export function plot(panels: readonly Panel[]): string {
  const height = top + panels.length * panelHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Memory of servers over time, while clients do not read">
<style>${style}
</style>
<rect class="back" width="${width}" height="${height}" rx="10"/>
${panels.map((panel, at) => panelOf(panel, top + at * panelHeight)).join('\n')}
</svg>
`
}

function panelOf({ title, runs }: Panel, y: number): string {
  const samples = runs.flatMap(run => run.samples)
  const seconds = niceTop(Math.max(...samples.map(({ at }) => at)) / 1000)
  const most = niceTop(Math.max(...samples.map(({ rss }) => rss)) / mebibyte)
  const bottom = y + 34 + plotHeight
  const end = width - right
  const xOf = (at: number) => left + (at / 1000 / seconds.top) * (end - left)
  const yOf = (rss: number) => bottom - (rss / mebibyte / most.top) * plotHeight
  const ticks = (step: number, limit: number) =>
    Array.from({ length: Math.round(limit / step) + 1 }, (_, n) => n * step)
  const rows = ticks(most.step, most.top).map(value => {
    const at = yOf(value * mebibyte).toFixed(1)
    return (
      `<path class="grid" d="M${left} ${at}H${end}"/>` +
      `<text class="axis" x="${left - 8}" y="${at}" dy="4" text-anchor="end">${value}</text>`
    )
  })
  const columns = ticks(seconds.step, seconds.top).map(value => {
    const at = xOf(value * 1000).toFixed(1)
    return `<text class="axis" x="${at}" y="${bottom + 18}" text-anchor="middle">${value}</text>`
  })
  return `<g>
<text class="title" x="${left}" y="${y + 14}">${title}</text>
${rows.join('\n')}
${columns.join('')}
<text class="label" x="${(left + end) / 2}" y="${bottom + 36}" text-anchor="middle">seconds</text>
<text class="label" transform="translate(18 ${bottom - plotHeight / 2}) rotate(-90)" text-anchor="middle">RSS, MiB</text>
${runs.map((run, at) => `<path class="line ${kindOf(run.name, at)}" d="${lineOf(run.samples, xOf, yOf)}"/>`).join('\n')}
${namesOf(runs, end + 10, yOf, y + 38)}
</g>`
}

const kindOf = (name: string, at: number) => (name.startsWith('raw ws') ? 'ws' : `s${at % 4}`)

/** A name beside the end of each line's height, moved apart where two would meet. */
function namesOf(
  runs: Panel['runs'],
  x: number,
  yOf: (rss: number) => number,
  least: number,
): string {
  const gap = 19
  const placed = runs
    .map(({ name, samples }, at) => ({
      text: `${name}, ${Math.round(Math.max(...samples.map(({ rss }) => rss)) / mebibyte)} MiB`,
      kind: kindOf(name, at),
      y: yOf(samples.at(-1)?.rss ?? 0),
    }))
    .sort((a, b) => b.y - a.y)
  let below = Infinity
  const lines = placed.map(each => {
    below = Math.min(each.y + 4, below - gap)
    return { ...each, y: below }
  })
  // all have to stay beside their panel
  const short = Math.max(0, least - (lines.at(-1)?.y ?? least))
  return lines
    .map(
      ({ text, kind, y }) =>
        `<text class="name ${kind}" x="${x}" y="${(y + short).toFixed(1)}">${text}</text>`,
    )
    .join('\n')
}

function lineOf(
  samples: readonly Sample[],
  xOf: (at: number) => number,
  yOf: (rss: number) => number,
): string {
  // one point a pixel is as many as can be seen
  const points = new Map<number, number>()
  for (const { at, rss } of samples) {
    const x = Math.round(xOf(at))
    points.set(x, Math.max(points.get(x) ?? 0, rss))
  }
  return `M${[...points].map(([x, rss]) => `${x} ${yOf(rss).toFixed(1)}`).join('L')}`
}

/** A round end of an axis that goes so far, and the step of its ticks. */
function niceTop(most: number): { top: number; step: number } {
  const power = 10 ** Math.floor(Math.log10(most / 4))
  const step = ([1, 2, 2.5, 5, 10].find(each => each * power * 5 >= most) ?? 10) * power
  return { top: Math.ceil(most / step) * step, step }
}
