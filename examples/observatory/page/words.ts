/** Words: numbers and connections as people read them. */

import type { Item } from './model.js'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function bytesOf(count: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10))
  const value = count / 1_024 ** power
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`
}

export function rateOf(perSecond: number): string {
  return perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : whole(perSecond)
}

export function whole(count: number): string {
  return Math.round(count).toLocaleString('en')
}

export function ageOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** What all ids of one server have in common says nothing. */
export function nameOf({ id }: Item): string {
  return `#${id.slice(id.lastIndexOf('-') + 1)}`
}

export function whoOf({ url, remoteAddress }: Item): string {
  const address = remoteAddress?.replace(/^::ffff:/, '')
  return address === undefined ? url : `${url} ${address}`
}

/** What a row says at its end: how fast it goes, or how it ended. */
export function standOf(item: Item): { text: string; more: string; tone: '' | 'warn' | 'bad' } {
  const { ending, queued, flow, rate } = item
  if (ending) {
    const tone = ending.wasClean ? '' : 'bad'
    return { text: `${ending.code} ${ending.by}`, more: ending.reason, tone }
  }
  const text = `${rateOf(rate[0])} · ${rateOf(rate[1])} /s`
  if (queued > 0) return { text, more: `${whole(queued)} waiting`, tone: 'warn' }
  if (flow !== 'flowing') return { text, more: flow, tone: 'warn' }
  return { text, more: item.roundTrip === undefined ? '' : `ping ${item.roundTrip} ms`, tone: '' }
}
