import { Observable } from 'rxjs'
import { getSimplePaths } from 'xstate/graph'
import { describe, expect, test } from 'vitest'
import type { Close } from 'rivulet'
import { virtualTime } from 'rivulet/testing'
import { type ConnectionEvent, connectionMachine } from '../../src/connection/machine.js'

const ending = { code: 4000, reason: 'done', discard: false }

const events: ConnectionEvent[] = [
  { type: 'socket.open' },
  { type: 'close', ending },
  { type: 'lost', cause: new Error('lost') },
  { type: 'error', error: new Error('broken') },
  { type: 'socket.close', close: { code: 1006, reason: '' } },
]

// every way through the states, with and without something recorded on it
const paths = getSimplePaths(connectionMachine, {
  events,
  serializeState: ({ value, context }) =>
    [value, context.ending && 'ending', context.lost && 'lost', context.error && 'error'].join(),
})

describe('the machine', () => {
  test('has the states and the arrows of its chart', () => {
    const arrows = new Set<string>()
    for (const { steps } of paths) {
      // a step is an event and the state that it led to; the first is the start
      steps.slice(1).forEach(({ event, state: { value: to } }, at) => {
        const from = steps[at]?.state.value
        if (from !== to) arrows.add(`${String(from)} ─ ${event.type} → ${to}`)
      })
    }
    expect([...arrows].sort()).toEqual([
      'closing ─ socket.close → closed',
      'connecting ─ close → closing',
      'connecting ─ socket.close → closed',
      'connecting ─ socket.open → open',
      'open ─ close → closing',
      'open ─ socket.close → closed',
    ])
  })

  test('ends nowhere but in closed, with a Close', () => {
    expect(paths.length).toBeGreaterThan(50)
    for (const { state } of paths) {
      expect(state.status).toBe(state.value === 'closed' ? 'done' : 'active')
      expect(state.context.close !== undefined).toBe(state.value === 'closed')
    }
  })
})

describe('on every path through the machine', () => {
  const names = [
    ...new Set(
      paths.map(({ steps }) =>
        steps
          .slice(1)
          .map(({ event }) => event.type)
          .join(' · '),
      ),
    ),
  ].filter(name => name !== '')

  test.each(names)('%s: one Close, the end in its order, nothing left behind', name => {
    const order: string[] = []
    const closes: Close[] = []
    let writers = 0
    const { alive } = virtualTime(({ connect, at }) => {
      const { connection, peer } = connect(
        () =>
          new Observable<string>(() => {
            writers++
            return () => writers--
          }),
        { opens: false, timeouts: { handshake: 10_000, close: 10_000 } },
      )
      connection.states.subscribe({
        next: state => order.push(state),
        complete: () => order.push('states complete'),
      })
      connection.messages.subscribe({
        next: () => order.push('message'),
        complete: () => order.push('messages complete'),
      })
      connection.closed.subscribe(close => {
        closes.push(close)
        order.push('closed value')
      })
      peer.silence()
      let time = 0
      for (const event of name.split(' · ')) {
        at((time += 100), () => {
          if (event === 'socket.open') peer.open()
          else if (event === 'close') connection.close(4000, 'done')
          else if (event === 'socket.close') peer.cut()
          // the others have no cause on this stage that does not also close the socket
        })
      }
      // whatever is still there is ended, by a deadline or by the peer
      at('1m', () => peer.cut())
    })
    expect(alive).toEqual([])
    expect(closes).toHaveLength(1)
    expect(writers).toBe(0)
    expect(order.slice(-4)).toEqual([
      'closed',
      'messages complete',
      'closed value',
      'states complete',
    ])
    const states = order.filter(each => !each.includes(' '))
    expect(
      ['connecting', 'open', 'closing', 'closed'].filter(each => states.includes(each)),
    ).toEqual(states)
  })
})
