import { describe, expect, test } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { NEVER } from 'rxjs'
import { virtualTime } from 'rivulet/testing'

describe("XState's own inspection", () => {
  test('sees the events and the snapshots of connection.actor', () => {
    const seen: string[] = []
    virtualTime(({ accept, at }) => {
      const { connection } = accept(() => NEVER)
      const look = (event: InspectionEvent) => {
        if (event.actorRef !== connection.actor) return
        if (event.type === '@xstate.event') seen.push(event.event.type)
        if (event.type === '@xstate.snapshot' && 'value' in event.snapshot) {
          seen.push(`is ${String(event.snapshot.value)}`)
        }
      }
      const watching = connection.actor.system.inspect(look)
      at('1s', () => connection.close())
      at('9s', () => watching.unsubscribe())
    })
    expect(seen).toEqual([
      'socket.open',
      'is open',
      'close',
      'is closing',
      'socket.close',
      'is closed',
    ])
  })

  test('sees nothing more when it is unsubscribed', () => {
    const seen: string[] = []
    virtualTime(({ accept, at }) => {
      const { connection } = accept(() => NEVER)
      const watching = connection.actor.system.inspect({ next: ({ type }) => seen.push(type) })
      watching.unsubscribe()
      at('1s', () => connection.close())
    })
    expect(seen).toEqual([])
  })
})
