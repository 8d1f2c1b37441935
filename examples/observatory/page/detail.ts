/** Detail: one connection, with its machine, its two time lines, and all that is known of it. */

import { cleared, drawLanes, type Palette } from './lanes.js'
import type { Item } from './model.js'
import { ageOf, bytesOf, nameOf, rateOf, whole } from './words.js'

export class Detail {
  readonly #section: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #facts: HTMLElement
  readonly #machine: SVGElement
  readonly #cells = new Map<string, HTMLElement>()
  #item: Item | undefined

  constructor(section: HTMLElement) {
    this.#section = section
    this.#canvas = section.querySelector('canvas')!
    this.#facts = section.querySelector('dl')!
    this.#machine = section.querySelector('svg')!
  }

  show(item: Item | undefined): void {
    this.#item = item
    this.#section.querySelector('h2')!.textContent = item
      ? `Connection ${nameOf(item)}`
      : 'No connection chosen'
    this.#section.querySelector<HTMLElement>('[data-testid="ask"]')!.hidden = item !== undefined
    this.#section.querySelector<HTMLElement>('.whole')!.hidden = item === undefined
    this.#facts.replaceChildren()
    this.#cells.clear()
    this.update()
  }

  update(): void {
    const item = this.#item
    if (!item) return
    this.#machine.querySelector('title')!.textContent =
      `Its machine: connecting, open, closing, closed. It is ${item.state}.`
    for (const circle of this.#machine.querySelectorAll<SVGElement>('circle')) {
      circle.classList.toggle('lit', circle.dataset['state'] === item.state)
    }
    const unclean = item.ending?.wasClean === false
    this.#section.dataset['clean'] = unclean ? 'no' : ''
    for (const [name, text, bad] of factsOf(item, Date.now())) this.#say(name, text, bad ?? false)
  }

  #say(name: string, text: string, bad: boolean): void {
    let cell = this.#cells.get(name)
    if (!cell) {
      const term = document.createElement('dt')
      term.textContent = name
      cell = document.createElement('dd')
      this.#facts.append(term, cell)
      this.#cells.set(name, cell)
    }
    if (cell.textContent !== text) cell.textContent = text
    cell.classList.toggle('bad', bad)
  }

  draw(now: number, palette: Palette): void {
    const item = this.#item
    if (!item) return
    const { clientWidth: width, clientHeight: height } = this.#canvas.parentElement!
    const context = cleared(this.#canvas, width, height)
    const box = { left: 44, right: width - 8, in: height * 0.27, out: height * 0.73, most: 11 }
    // a mark for each second
    context.fillStyle = palette.line
    for (let second = 0; second <= 10; second++) {
      const x = box.right - ((box.right - box.left) * second) / 10
      context.fillRect(x, height / 2 - 3, 1, 6)
    }
    drawLanes(context, item, box, now, palette)
  }
}

function factsOf(item: Item, now: number): [name: string, text: string, bad?: boolean][] {
  const { counts, rate, ending, openedAt } = item
  const facts: [string, string, boolean?][] = [
    ['State', item.state],
    ['Asked for', item.url],
    ['From', item.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown'],
  ]
  if (item.protocol !== '') facts.push(['Subprotocol', item.protocol])
  if (openedAt !== undefined) {
    facts.push([ending ? 'Was open for' : 'Open for', ageOf((ending?.at ?? now) - openedAt)])
  }
  if (item.handshake !== undefined) facts.push(['Handshake', `${item.handshake} ms`])
  const lost = counts.dropped + counts.refused + counts.rejected
  facts.push(
    ['In', `${whole(counts.messagesIn)} (${rateOf(rate[0])}/s), ${bytesOf(counts.bytesIn)}`],
    ['Out', `${whole(counts.messagesOut)} (${rateOf(rate[1])}/s), ${bytesOf(counts.bytesOut)}`],
    ['Flow', ending ? 'ended' : item.flow, item.flow !== 'flowing'],
    ['Outbox', `${whole(item.queued)} waiting, ${bytesOf(item.queuedBytes)}`, item.queued > 0],
    [
      'Lost',
      lost === 0
        ? 'nothing'
        : `${counts.dropped} dropped, ${counts.refused} refused, ${counts.rejected} not decoded`,
      lost > 0,
    ],
    [
      'Heartbeat',
      item.roundTrip === undefined ? 'no ping yet' : `${item.roundTrip} ms there and back`,
    ],
  )
  if (ending) {
    const bad = !ending.wasClean
    facts.push(
      ['Code', String(ending.code), bad],
      ['Reason', ending.reason || 'none given'],
      ['Ended by', { local: 'this server', peer: 'the peer', network: 'the network' }[ending.by]],
      ['Clean', ending.wasClean ? 'yes' : 'no', bad],
      ['Cause', ending.cause ?? 'none'],
    )
  }
  return facts
}
