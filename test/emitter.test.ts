import { expect, test } from 'vitest'
import { Emitter } from '../src/emitter.js'

class Bell extends Emitter<{ ring: number; stop: undefined }> {
  ring(times: number): void {
    this.tell('ring', times)
  }

  handOver(to: Bell): void {
    this.moveListeners(to)
  }
}

test('tells every listener, in the order in which they came', () => {
  const bell = new Bell()
  const heard: string[] = []
  bell.addListener('ring', times => heard.push(`a${times}`))
  bell.addListener('ring', times => heard.push(`b${times}`))
  bell.ring(1)
  expect(heard).toEqual(['a1', 'b1'])
})

test('a listener that comes or goes while an event is told does not disturb the others', () => {
  const bell = new Bell()
  const heard: string[] = []
  const first = () => {
    heard.push('first')
    bell.removeListener('ring', first)
    bell.addListener('ring', () => heard.push('late'))
  }
  bell.addListener('ring', first)
  bell.addListener('ring', () => heard.push('second'))
  bell.ring(1)
  expect(heard).toEqual(['first', 'second'])
  bell.ring(2)
  expect(heard).toEqual(['first', 'second', 'second', 'late'])
})

test('removes one registration at a time, and none that is not there', () => {
  const bell = new Bell()
  const listener = () => undefined
  bell.addListener('ring', listener).addListener('ring', listener)
  bell.removeListener('ring', listener)
  expect(bell.listenerCount('ring')).toBe(1)
  bell.removeListener('ring', listener).removeListener('ring', listener)
  expect(bell.listenerCount('ring')).toBe(0)
  expect(bell.listenerCount('stop')).toBe(0)
})

test('listeners that were handed over hear the other one, in the same order, and this one no more', () => {
  const [bell, other] = [new Bell(), new Bell()]
  const heard: string[] = []
  bell.addListener('ring', times => heard.push(`a${times}`))
  bell.addListener('ring', times => heard.push(`b${times}`))
  bell.handOver(other)
  bell.ring(1)
  other.ring(2)
  expect(heard).toEqual(['a2', 'b2'])
  expect(bell.listenerCount('ring')).toBe(0)
})
