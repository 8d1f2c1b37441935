/** List: the connections by state. Only the rows that are to be seen are there. */

import type { State } from 'rivulet'
import { drawLanes, fitted, type Palette } from './lanes.js'
import { type Item, type Model, states } from './model.js'
import { nameOf, standOf, whoOf } from './words.js'

// as the style sheet has them, in px at the size of text that is usual
const rowHeight = 52
const headHeight = 36
// rows beyond the edge, so that scrolling shows no hole
const beyond = 3

interface Group {
  readonly state: State
  readonly section: HTMLElement
  readonly count: HTMLElement
  readonly list: HTMLElement
}

interface Row {
  readonly item: Item
  readonly element: HTMLElement
  readonly button: HTMLButtonElement
  readonly lane: HTMLElement
  readonly state: HTMLElement
  readonly what: HTMLElement
  readonly numbers: HTMLElement
  readonly more: HTMLElement
}

export class List {
  readonly #scroll: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #model: Model
  readonly #choose: (item: Item) => void
  readonly #groups: readonly Group[]
  readonly #rows = new Map<string, Row>()
  #stale = true
  // whether all lines are to be drawn, and where they were drawn last
  #moved = true
  #drawnAt = 0
  // the one that the Tab key leads to
  #active: string | undefined
  #lane = { left: 0, right: 0 }
  chosen: string | undefined
  /** Told which rows are to be seen, when they are others. */
  shown: (ids: readonly string[]) => void = () => undefined

  constructor(stage: HTMLElement, model: Model, choose: (item: Item) => void) {
    this.#scroll = stage.querySelector('.scroll')!
    this.#canvas = stage.querySelector('canvas')!
    this.#model = model
    this.#choose = choose
    this.#groups = states.map(state => {
      const section = element('div', 'group')
      section.dataset['state'] = state
      const title = document.createElement('h3')
      title.id = `group-${state}`
      const count = document.createElement('span')
      title.append(state, count)
      const list = document.createElement('ol')
      list.setAttribute('aria-labelledby', title.id)
      section.append(title, list)
      this.#scroll.append(section)
      return { state, section, count, list }
    })
    this.#scroll.addEventListener('scroll', () => (this.#stale = true), { passive: true })
    this.#scroll.addEventListener('keydown', event => this.#key(event))
    new ResizeObserver(() => (this.#stale = true)).observe(this.#scroll)
  }

  /** Connections came, went, or are elsewhere. */
  changed(): void {
    this.#stale = true
  }

  /** Numbers are others. */
  tick(): void {
    for (const row of this.#rows.values()) write(row)
  }

  /** Puts the rows where they belong, when that has changed. */
  arrange(): void {
    if (!this.#stale) return
    this.#stale = false
    this.#moved = true
    const { scrollTop, clientHeight } = this.#scroll
    const seen: Item[] = []
    const kept = new Set<string>()
    let top = 0
    for (const group of this.#groups) {
      const items = this.#model.groups[group.state]
      group.section.hidden = items.length === 0
      if (items.length === 0) continue
      const text = items.length.toLocaleString('en')
      if (group.count.textContent !== text) group.count.textContent = text
      const height = `${items.length * rowHeight}px`
      if (group.list.style.height !== height) group.list.style.height = height
      const start = top + headHeight
      const first = Math.max(0, Math.floor((scrollTop - start) / rowHeight) - beyond)
      const last = Math.min(
        items.length,
        Math.ceil((scrollTop + Math.max(clientHeight, rowHeight * 12) - start) / rowHeight) +
          beyond,
      )
      for (let at = first; at < last; at++) {
        const item = items[at]!
        seen.push(item)
        kept.add(item.id)
        this.#put(group, item, at, items.length)
      }
      top = start + items.length * rowHeight
    }
    const focused = document.activeElement
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue
      // who is there with the keyboard stays there
      if (row.button === focused && this.#model.items.has(id)) continue
      row.element.remove()
      this.#rows.delete(id)
    }
    if (this.#active === undefined || !this.#rows.has(this.#active)) this.#active = seen[0]?.id
    for (const [id, { button, element }] of this.#rows) {
      button.tabIndex = id === this.#active ? 0 : -1
      element.toggleAttribute('aria-current', id === this.chosen)
      if (id === this.chosen) element.setAttribute('aria-current', 'true')
    }
    const [any] = this.#rows.values()
    if (any) {
      const lane = any.lane.getBoundingClientRect()
      const { left } = this.#scroll.getBoundingClientRect()
      this.#lane = { left: lane.left - left, right: lane.right - left }
    }
    this.shown(seen.filter(({ state }) => state !== 'closed').map(({ id }) => id))
  }

  #put({ list }: Group, item: Item, at: number, of: number): void {
    let row = this.#rows.get(item.id)
    if (row?.element.parentElement !== list) {
      const focused = document.activeElement === row?.button
      row ??= this.#make(item)
      this.#rows.set(item.id, row)
      list.append(row.element)
      // in another group it has been put anew
      if (focused) row.button.focus({ preventScroll: true })
      write(row)
    }
    const { element } = row
    element.style.transform = `translateY(${at * rowHeight}px)`
    element.dataset['state'] = item.state
    if (item.ending && !item.ending.wasClean) element.dataset['clean'] = 'no'
    element.setAttribute('aria-setsize', String(of))
    element.setAttribute('aria-posinset', String(at + 1))
  }

  #make(item: Item): Row {
    const line = element('li', 'line')
    const button = document.createElement('button')
    button.type = 'button'
    const lane = element('span', 'lane')
    const name = document.createElement('span')
    const who = document.createElement('span')
    // what the dot and the places say to who sees them
    const state = element('b', 'unseen')
    name.append(nameOf(item), state, who)
    who.textContent = whoOf(item)
    const what = element('b', 'unseen')
    what.textContent = ', in and out: '
    const numbers = element('span', 'numbers')
    const more = document.createElement('span')
    numbers.append('', more)
    button.append(document.createElement('i'), name, lane, what, numbers)
    button.addEventListener('click', () => {
      this.#active = item.id
      this.#choose(item)
    })
    line.append(button)
    return { item, element: line, button, lane, state, what, numbers, more }
  }

  #key(event: KeyboardEvent): void {
    const all = this.#groups.flatMap(({ state }) => this.#model.groups[state])
    const at = all.findIndex(({ id }) => id === this.#active)
    const page = Math.max(1, Math.floor(this.#scroll.clientHeight / rowHeight) - 1)
    const to: Partial<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: all.length - 1,
    }
    const next = to[event.key]
    if (next === undefined || all.length === 0) return
    event.preventDefault()
    this.go(all[Math.max(0, Math.min(all.length - 1, next))]!)
  }

  /** Shows a row and puts the keyboard there. */
  go(item: Item, focus = true): void {
    let top = 0
    for (const { state } of this.#groups) {
      const items = this.#model.groups[state]
      if (items.length === 0) continue
      const at = items.indexOf(item)
      if (at >= 0) {
        const from = top + headHeight + at * rowHeight
        const { scrollTop, clientHeight } = this.#scroll
        if (from - headHeight < scrollTop) this.#scroll.scrollTop = from - headHeight
        else if (from + rowHeight > scrollTop + clientHeight) {
          this.#scroll.scrollTop = from + rowHeight - clientHeight
        }
      }
      top += headHeight + items.length * rowHeight
    }
    this.#active = item.id
    this.#stale = true
    this.arrange()
    if (focus) this.#rows.get(item.id)?.button.focus({ preventScroll: true })
  }

  /** Draws the lines of all rows; or of every other, where nothing else has moved. */
  draw(now: number, palette: Palette, half?: 0 | 1): void {
    const { clientWidth, clientHeight, scrollTop } = this.#scroll
    const { context, anew } = fitted(this.#canvas, clientWidth, clientHeight)
    const all = half === undefined || anew || this.#moved || scrollTop !== this.#drawnAt
    this.#moved = false
    this.#drawnAt = scrollTop
    if (all) context.clearRect(0, 0, clientWidth, clientHeight)
    let top = -scrollTop
    let covered = 0
    for (const { state } of this.#groups) {
      const items = this.#model.groups[state]
      if (items.length === 0) continue
      // the heading of a group stays at the top while its rows go by
      covered = Math.max(0, Math.min(headHeight, top + headHeight + items.length * rowHeight))
      const start = top + headHeight
      const first = Math.max(0, Math.floor(-start / rowHeight))
      for (let at = first; at < items.length; at++) {
        const y = start + at * rowHeight
        if (y > clientHeight) break
        if (y + rowHeight <= covered) continue
        if (!all) {
          if (at % 2 !== half) continue
          context.clearRect(0, y, clientWidth, rowHeight)
        }
        const box = { ...this.#lane, in: y + 16, out: y + 36, most: 6.5 }
        drawLanes(context, items[at]!, box, now, palette)
      }
      if (top < 0 && covered > 0) context.clearRect(0, 0, clientWidth, covered)
      top = start + items.length * rowHeight
    }
  }
}

function write({ item, state, what, numbers, more }: Row): void {
  const stand = standOf(item)
  put(state, `, ${item.state}, `)
  put(what, item.ending ? ', ended with ' : ', in and out: ')
  put(numbers.firstChild!, stand.text)
  put(more, stand.more)
  const className = `numbers ${stand.tone}`
  if (numbers.className !== className) numbers.className = className
}

// text that stays is not written again: it would be laid out again
function put(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

function element(name: string, className: string): HTMLElement {
  const made = document.createElement(name)
  made.className = className
  return made
}
