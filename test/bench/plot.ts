/** Bars, as an SVG that is readable on light and dark pages. */

export interface Bar {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface Group {
  readonly title: string
  readonly bars: readonly Bar[]
  readonly floor?: number | undefined
  readonly goal?: number | undefined
}

const [width, left, right, row] = [900, 220, 70, 22]

/** Each group on a scale of its own; a line from the least to the most, marks for floor and goal. */
export function plot(label: string, groups: readonly Group[], unit = ''): string {
  let y = 20
  const parts = groups.map(({ title, bars, floor, goal }) => {
    const most = Math.max(...bars.map(({ high }) => high), goal ?? 0, floor ?? 0)
    const x = (value: number) => (left + (value / most) * (width - left - right)).toFixed(1)
    const top = y + 10
    const lines = bars.map(({ name, value, low, high }, at) => {
      const middle = top + at * row + row / 2
      const kind = name.split(/[ ,]/).at(name.startsWith('raw') ? 1 : 0)
      return (
        `<text class="label" x="${left - 10}" y="${middle + 4}" text-anchor="end">${name}</text>` +
        `<rect class="bar ${kind}" x="${left}" y="${middle - 7}" height="14" ` +
        `width="${(Number(x(value)) - left).toFixed(1)}"/>` +
        `<path class="spread" d="M${x(low)} ${middle}H${x(high)}"/>` +
        `<text class="axis" x="${Number(x(high)) + 8}" y="${middle + 4}">${round(value)}${unit}</text>`
      )
    })
    const bottom = top + bars.length * row
    const marks = Object.entries({ floor, goal }).map(([kind, value]) =>
      value === undefined ? '' : `<path class="${kind}" d="M${x(value)} ${top}V${bottom}"/>`,
    )
    y = bottom + 34
    return `<text class="title" x="16" y="${top - 4}">${title}</text>${lines.join('\n')}${marks.join('')}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y - 14}" role="img" aria-label="${label}">
<style>
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif }
  .title { font-size: 14px; font-weight: 600; fill: #1f2933 }
  .axis, .label { fill: #5b6770; font-size: 12.5px }
  .bar { fill: #8a97a3 } .rivulet, .connect { fill: #0b7285 } .TCP { fill: #ced4da } .gorilla { fill: #7048e8 }
  .spread { stroke: #1f2933; stroke-width: 1.5 } .back { fill: #ffffff }
  .floor, .goal { stroke: #d9480f; stroke-width: 1.5 } .floor { stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    .title { fill: #e6edf3 } .axis, .label { fill: #9aa7b2 } .bar { fill: #6b7783 }
    .rivulet, .connect { fill: #3bc9db } .TCP { fill: #3b444d } .gorilla { fill: #b197fc }
    .spread { stroke: #e6edf3 } .back { fill: #0d1117 } .floor, .goal { stroke: #ff922b }
  }
</style>
<rect class="back" width="${width}" height="${y - 14}" rx="10"/>
${parts.join('\n')}
</svg>
`
}

export function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
}
