/** Sky: the machine of all connections. Each is a star in the disc of its state. */

import type { State } from 'rivulet'
import { colorsOf } from './colors.js'
import { cleared } from './lanes.js'
import { type Item, type Model, states } from './model.js'

interface Disc {
  readonly x: number
  readonly y: number
  readonly radius: number
}

interface Star {
  readonly item: Item
  state: State
  slot: number
  x: number
  y: number
  // where it comes from, and when it left
  fromX: number
  fromY: number
  leftAt: number
}

// a star takes so long from one place to another, in ms
const flight = 700
// the angle at which seeds of a sunflower follow each other
const golden = Math.PI * (3 - Math.sqrt(5))
const places = {
  connecting: { x: 0.09, radius: 0.042 },
  open: { x: 0.38, radius: 0.15 },
  closing: { x: 0.66, radius: 0.042 },
  closed: { x: 0.865, radius: 0.1 },
} as const

export class Sky {
  readonly #chart: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #model: Model
  readonly #stars = new Map<string, Star>()
  readonly #slots: Record<State, (Star | undefined)[]> = {
    connecting: [],
    open: [],
    closing: [],
    closed: [],
  }
  #discs: Readonly<Record<State, Disc>> | undefined
  #colors: Readonly<Record<string, string>> = {}
  #flying = 0
  #dirty = true
  #counted = false
  still = false
  chosen: string | undefined

  constructor(chart: HTMLElement, model: Model, choose: (item: Item) => void) {
    this.#chart = chart
    this.#canvas = chart.querySelector('canvas')!
    this.#model = model
    this.#canvas.addEventListener('click', event => {
      const found = this.#nearest(event.offsetX, event.offsetY)
      if (found) choose(found)
    })
    const list = chart.querySelector('ul')!
    for (const state of states) {
      const label = document.createElement('li')
      label.dataset['state'] = state
      label.append(document.createElement('b'), state)
      list.append(label)
    }
  }

  /** Takes the colors anew, and the size. */
  fit(): void {
    this.#colors = colorsOf(['warn', 'good', 'out', 'quiet', 'bad', 'ink'])
    const { clientWidth: width, clientHeight: height } = this.#chart
    const scale = Math.min(width, 1_000)
    const most = height * 0.33
    const discs = Object.fromEntries(
      states.map(state => {
        const { x, radius } = places[state]
        const fitted = Math.max(
          14,
          Math.min(radius * scale, state === 'closed' ? most * 0.72 : most),
        )
        return [state, { x: x * width, y: height * 0.52, radius: fitted }]
      }),
    ) as unknown as Record<State, Disc>
    this.#discs = discs
    this.#arrange(discs)
    for (const star of this.#stars.values()) this.#place(star, false)
    this.update()
  }

  #arrange(discs: Readonly<Record<State, Disc>>): void {
    const svg = (name: string, attributes: Record<string, string>) => {
      const element = document.createElementNS('http://www.w3.org/2000/svg', name)
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
      return element
    }
    const circles = states.map(state => {
      const { x, y, radius } = discs[state]
      return svg('circle', { cx: `${x}`, cy: `${y}`, r: `${radius}`, 'data-state': state })
    })
    const straight = (from: State, to: State) => {
      const [a, b] = [discs[from], discs[to]]
      return svg('path', { d: `M${a.x + a.radius + 6} ${a.y}H${b.x - b.radius - 6}` })
    }
    // over what lies between
    const arc = (from: State, to: State, top: number, end: number) => {
      const [a, b] = [discs[from], discs[to]]
      const x = b.x + b.radius * end
      const y = b.y - b.radius * Math.sqrt(1 - end * end) - 6
      const start = `M${a.x + a.radius * 0.5} ${a.y - a.radius * 0.87 - 6}`
      const middle = (a.x + b.x) / 2
      return svg('path', {
        d: `${start}C${a.x + (middle - a.x) * 0.4} ${top} ${b.x - (b.x - middle) * 0.4} ${top} ${x} ${y}`,
      })
    }
    const highest = discs.open.y - discs.open.radius
    this.#chart.querySelector('.discs')!.replaceChildren(...circles)
    this.#chart
      .querySelector('.arrows')!
      .replaceChildren(
        straight('connecting', 'open'),
        straight('open', 'closing'),
        straight('closing', 'closed'),
        arc('open', 'closed', highest, -0.4),
        arc('connecting', 'closed', highest - 70, 0.1),
      )
    for (const label of this.#chart.querySelectorAll('li')) {
      const { x, y, radius } = discs[label.dataset['state'] as State]
      label.style.left = `${x}px`
      label.style.top = `${y + radius + 6}px`
    }
  }

  /** A connection has changed; without one, all have. */
  changed(item: Item | undefined): void {
    if (!item) {
      this.#stars.clear()
      for (const state of states) this.#slots[state].length = 0
      for (const each of this.#model.items.values()) this.#add(each, false)
    } else if (!this.#model.items.has(item.id)) {
      const star = this.#stars.get(item.id)
      if (star) this.#slots[star.state][star.slot] = undefined
      this.#stars.delete(item.id)
    } else {
      const star = this.#stars.get(item.id)
      if (star) this.#move(star, item.state)
      else this.#add(item, true)
    }
    this.update()
  }

  /** Counts and colors are others. */
  update(): void {
    this.#dirty = true
    this.#counted = false
  }

  #count(): void {
    this.#counted = true
    for (const label of this.#chart.querySelectorAll('li')) {
      const count = this.#model.groups[label.dataset['state'] as State].length
      const text = count.toLocaleString('en')
      if (label.firstChild!.textContent !== text) label.firstChild!.textContent = text
    }
    for (const circle of this.#chart.querySelectorAll<SVGElement>('circle')) {
      const { length } = this.#model.groups[circle.dataset['state'] as State]
      circle.classList.toggle('lit', length > 0)
    }
  }

  #add(item: Item, flies: boolean): void {
    const star: Star = {
      item,
      state: item.state,
      slot: 0,
      x: 0,
      y: 0,
      fromX: 0,
      fromY: 0,
      leftAt: -Infinity,
    }
    this.#stars.set(item.id, star)
    this.#take(star)
    const start = this.#discs?.connecting
    if (start) {
      star.x = start.x
      star.y = start.y
    }
    this.#place(star, flies)
  }

  #move(star: Star, state: State): void {
    if (star.state === state) return
    this.#slots[star.state][star.slot] = undefined
    star.state = state
    this.#take(star)
    this.#place(star, true)
  }

  #take(star: Star): void {
    const slots = this.#slots[star.state]
    const free = slots.findIndex(each => each === undefined)
    star.slot = free < 0 ? slots.length : free
    const before = capacity(slots.length)
    slots[star.slot] = star
    // all of them come nearer to make room
    if (capacity(slots.length) !== before) {
      for (const each of slots) if (each && each !== star) this.#place(each, true)
    }
  }

  #place(star: Star, flies: boolean): void {
    const disc = this.#discs?.[star.state]
    if (!disc) return
    const { spacing } = this.#grain(star.state)
    const distance = spacing * Math.sqrt(star.slot + (star.slot === 0 ? 0 : 0.4))
    const angle = star.slot * golden
    const [x, y] = [disc.x + Math.cos(angle) * distance, disc.y + Math.sin(angle) * distance]
    star.fromX = flies ? star.x : x
    star.fromY = flies ? star.y : y
    star.x = x
    star.y = y
    star.leftAt = flies && !this.still ? performance.now() : -Infinity
    if (flies) this.#flying = performance.now() + flight
  }

  /** How far apart stars are, and how large. */
  #grain(state: State): { spacing: number; size: number } {
    const radius = this.#discs?.[state].radius ?? 0
    const spacing = Math.min(20, (radius * 0.92) / Math.sqrt(capacity(this.#slots[state].length)))
    return { spacing, size: Math.max(1.3, Math.min(9, spacing * 0.42)) }
  }

  #nearest(x: number, y: number): Item | undefined {
    let found: Item | undefined
    let least = 18
    for (const star of this.#stars.values()) {
      const distance = Math.hypot(star.x - x, star.y - y)
      if (distance < least) [found, least] = [star.item, distance]
    }
    return found
  }

  /** Draws, when something is to be seen that was not. */
  draw(now: number): void {
    if (!this.#dirty && now > this.#flying) return
    if (!this.#counted) this.#count()
    this.#dirty = now <= this.#flying
    const { clientWidth, clientHeight } = this.#chart
    const context = cleared(this.#canvas, clientWidth, clientHeight)
    // all of one look in one path
    const looks = new Map<string, Star[]>()
    for (const star of this.#stars.values()) {
      const look = this.#look(star)
      const same = looks.get(look)
      if (same) same.push(star)
      else looks.set(look, [star])
    }
    for (const [look, stars] of looks) {
      const [name = '', alpha] = look.split(' ')
      context.fillStyle = this.#colors[name] ?? '#888'
      context.globalAlpha = Number(alpha)
      context.beginPath()
      for (const star of stars) this.#trace(context, star, now)
      context.fill()
    }
    context.globalAlpha = 1
    const chosen = this.#stars.get(this.chosen ?? '')
    if (!chosen) return
    context.strokeStyle = this.#colors['ink'] ?? '#888'
    context.lineWidth = 2
    context.beginPath()
    this.#trace(context, chosen, now, 4)
    context.stroke()
  }

  #trace(context: CanvasRenderingContext2D, star: Star, now: number, more = 0): void {
    const part = Math.min(1, (now - star.leftAt) / flight)
    const eased = 1 - (1 - part) ** 3
    const x = star.fromX + (star.x - star.fromX) * eased
    const y = star.fromY + (star.y - star.fromY) * eased
    const size = this.#grain(star.state).size + more
    context.moveTo(x + size, y)
    context.arc(x, y, size, 0, 7)
  }

  #look({ item }: Star): string {
    if (item.state === 'closed') return `${item.ending?.wasClean === false ? 'bad' : 'quiet'} 0.7`
    if (item.state === 'connecting') return 'warn 1'
    if (item.state === 'closing') return 'out 1'
    if (item.flow !== 'flowing') return 'warn 1'
    // a star is the brighter the more it says
    const rate = item.rate[0] + item.rate[1]
    return `good ${rate === 0 ? 0.35 : rate < 1.5 ? 0.6 : rate < 8 ? 0.8 : 1}`
  }
}

// Rings fill up before the next is begun: else all would move with each that comes.
function capacity(count: number): number {
  let ring = 1
  while (ring * ring * 3 < count) ring++
  return Math.max(7, ring * ring * 3)
}
