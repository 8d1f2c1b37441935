/** Totals: what all connections do, each with a small plot of the last minute. */

import type { Metrics } from 'rivulet'
import { bytesOf, rateOf, whole } from './words.js'

const points = 60

interface Plot {
  readonly name: string
  readonly className: string
  readonly value: (now: Metrics, before: Metrics) => number
  readonly text: (value: number) => string
}

const plots: readonly Plot[] = [
  { name: 'open', className: '', value: now => now.connections.open, text: whole },
  { name: 'waiting', className: '', value: now => now.queuedBytes, text: bytesOf },
  {
    name: 'in, a second',
    className: '',
    value: (now, before) => now.messagesIn - before.messagesIn,
    text: rateOf,
  },
  {
    name: 'out, a second',
    className: 'out',
    value: (now, before) => now.messagesOut - before.messagesOut,
    text: rateOf,
  },
]

export class Totals {
  readonly #ledger: HTMLElement
  readonly #cells
  #before: Metrics | undefined

  constructor(list: HTMLElement, ledger: HTMLElement) {
    this.#ledger = ledger
    this.#cells = plots.map(plot => {
      const item = document.createElement('li')
      item.className = plot.className
      item.innerHTML = `<b></b><span class="quiet">${plot.name}</span>
        <svg viewBox="0 0 ${points - 1} 1" preserveAspectRatio="none" aria-hidden="true"><polyline /></svg>`
      list.append(item)
      return {
        plot,
        number: item.querySelector('b')!,
        line: item.querySelector('polyline')!,
        values: [] as number[],
      }
    })
  }

  show(now: Metrics): void {
    const before = this.#before ?? now
    this.#before = now
    for (const { plot, number, line, values } of this.#cells) {
      const value = Math.max(0, plot.value(now, before))
      values.push(value)
      if (values.length > points) values.shift()
      const text = plot.text(value)
      if (number.textContent !== text) number.textContent = text
      const most = Math.max(1, ...values)
      const from = points - values.length
      line.setAttribute(
        'points',
        values.map((each, at) => `${from + at},${(1 - (each / most) * 0.95).toFixed(3)}`).join(' '),
      )
    }
    this.#write([
      ['Opened', whole(now.opened)],
      ['Closed, by code', list(now.closed)],
      ['Refused, by status', list(now.refusedHandshakes)],
      ['Dropped', whole(now.dropped)],
      ['Handshake', mean(now.handshake)],
      ['Ping', mean(now.roundTrip)],
    ])
  }

  #write(facts: readonly (readonly [string, string])[]): void {
    facts.forEach(([name, text], at) => {
      if (this.#ledger.children.length <= at * 2) {
        const term = document.createElement('dt')
        term.textContent = name
        this.#ledger.append(term, document.createElement('dd'))
      }
      const cell = this.#ledger.children[at * 2 + 1]!
      if (cell.textContent !== text) cell.textContent = text
    })
  }
}

function list(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([key, count]) => `${key}: ${whole(count)}`)
  return all.length === 0 ? 'none' : all.join(', ')
}

function mean({ count, sum }: Metrics['handshake']): string {
  return count === 0 ? 'none yet' : `${(sum / count).toFixed(1)} ms on average`
}
