import { Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type FlowSnapshot, latest } from 'rivulet'
import { virtualTime } from 'rivulet/testing'

const plug = 'x'.repeat(70_000)
const idle: FlowSnapshot = {
  state: 'flowing',
  sent: 0,
  queued: 0,
  queuedBytes: 0,
  dropped: 0,
  rejected: 0,
  refused: 0,
}

describe('the counts', () => {
  test('say what was sent, waits, was dropped and was refused', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(undefined, {
        outbox: { messages: 2, overflow: 'dropNewest' },
      })
      expect(connection.flow.snapshot()).toEqual(idle)
      at('1s', () => connection.send('a'))
      at('2s', () => expect(connection.flow.snapshot()).toEqual({ ...idle, sent: 1 }))
      at('3s', () => peer.stall())
      at('4s', () => ['€', '€', '€'].forEach(each => connection.send(each)))
      // the socket has them: nothing waits here
      at('5s', () => expect(connection.flow.snapshot()).toEqual({ ...idle, sent: 4 }))
      at('6s', () => [plug, '€', '€€', '€'].forEach(each => connection.send(each)))
      at('7s', () => {
        expect(connection.flow.snapshot()).toEqual({
          ...idle,
          state: 'backed up',
          sent: 5,
          queued: 2,
          queuedBytes: 9,
          dropped: 1,
        })
        peer.resume()
      })
      at('8s', () => {
        expect(connection.flow.snapshot()).toEqual({ ...idle, sent: 7, dropped: 1 })
        connection.close()
        connection.send('late')
      })
      at('9s', () => {
        expect(connection.flow.snapshot()).toEqual({ ...idle, sent: 7, dropped: 1, refused: 1 })
      })
    })
  })

  test('are live on flow itself, and still on a snapshot, which can be taken off', () => {
    virtualTime(({ accept, at }) => {
      const { connection } = accept()
      const { flow } = connection
      const { snapshot } = flow
      const before = snapshot()
      at('1s', () => {
        connection.send('a')
        expect(flow.sent).toBe(1)
        expect(before.sent).toBe(0)
        expect(snapshot().sent).toBe(1)
        expect(connection.flow).toBe(flow)
      })
    })
  })

  test('are idle again when a connection that was backed up has ended', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept()
      peer.stall()
      at('1s', () => {
        connection.send(plug)
        connection.send('a')
        expect(connection.flow.state).toBe('backed up')
        peer.cut()
      })
      at('2s', () => {
        expect(connection.state).toBe('closed')
        expect(connection.flow.snapshot()).toMatchObject({
          state: 'flowing',
          queued: 0,
          dropped: 1,
        })
      })
    })
  })

  test('are paused while messages wait to be read', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(
        iterable => {
          iterable[Symbol.asyncIterator]()
        },
        { inbox: { bytes: 2 } },
      )
      peer.sends('1s a 999ms b')
      at('1500ms', () => expect(connection.flow.state).toBe('flowing'))
      at('3s', () => expect(connection.flow.state).toBe('paused'))
      // the stronger word wins: neither direction moves
      at('4s', () => peer.stall())
      at('5s', () => {
        connection.send(plug)
        expect(connection.flow.state).toBe('backed up')
      })
    })
  })
})

describe('changes', () => {
  test('tells the present, each change of state, and completes', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(undefined, { timeouts: { stall: false } })
      peer.stall()
      at('1s', () => connection.send('does not back up'))
      at('2s', () => connection.send(plug))
      at('3s', () => connection.send('a'))
      at('4s', () => peer.resume())
      at('6s', () => connection.close())
      expectStream(connection.flow.changes).toBe('p 1999ms b 1999ms f 1999ms |', {
        p: idle,
        b: { ...idle, state: 'backed up', sent: 2 },
        f: { ...idle, sent: 3 },
      })
    })
  })

  test('tells drops, and the count of those that are replaced', () => {
    virtualTime(({ accept, at, expectStream }) => {
      const { connection, peer } = accept(undefined, {
        outbox: { overflow: latest() },
        timeouts: { stall: false },
      })
      peer.stall()
      at('1s', () => connection.send(plug))
      at('2s', () => connection.send('a'))
      at('3s', () => connection.send('bb'))
      const backedUp = { ...idle, state: 'backed up', sent: 1 } as const
      expectStream(connection.flow.changes).toBe('p 999ms b 1999ms d 29999ms (e|)', {
        p: idle,
        b: backedUp,
        d: { ...backedUp, queued: 1, queuedBytes: 2, dropped: 1 },
        e: { ...backedUp, dropped: 2 },
      })
      at('33s', () => peer.cut())
    })
  })

  test('never counts a message twice, whatever drops it', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(undefined, { outbox: { messages: 3 } })
      const sums = new Set<number>()
      connection.flow.changes.subscribe(({ sent, queued, dropped }) =>
        sums.add(sent + queued + dropped),
      )
      peer.stall()
      at('1s', () => [plug, 'a', 'b', 'c', 'd', 'e'].forEach(each => connection.send(each)))
      at('2s', () => {
        expect(connection.state).toBe('closing')
        // none, the first alone, all
        expect([...sums]).toEqual([0, 1, 6])
      })
    })
  })

  test('tells a late subscriber the present first, and one after the end no more', () => {
    virtualTime(({ accept, at, hot, expectStream }) => {
      const { connection, peer } = accept()
      peer.stall()
      const late = new Subject<FlowSnapshot>()
      const after = new Subject<FlowSnapshot>()
      at('1s', () => connection.send(plug))
      hot('2s x').subscribe(() => connection.flow.changes.subscribe(late))
      at('3s', () => peer.resume())
      at('4s', () => connection.close())
      hot('5s x').subscribe(() => connection.flow.changes.subscribe(after))
      const sent = { ...idle, sent: 1 }
      expectStream(late).toBe('2s b 999ms f 999ms |', {
        b: { ...sent, state: 'backed up' },
        f: sent,
      })
      expectStream(after).toBe('5s (f|)', { f: sent })
    })
  })

  test('costs nothing unobserved: no snapshot is made without a subscriber', () => {
    virtualTime(({ accept, at }) => {
      const { connection, peer } = accept(undefined, { outbox: { overflow: latest() } })
      let taken = 0
      const { flow } = connection
      const { snapshot } = flow
      Object.defineProperty(flow, 'snapshot', { value: () => (taken++, snapshot()) })
      const subscription = flow.changes.subscribe()
      expect(taken).toBe(1)
      subscription.unsubscribe()
      peer.stall()
      at('1s', () => [plug, 'a', 'b', 'c'].forEach(each => connection.send(each)))
      at('2s', () => peer.resume())
      at('3s', () => {
        expect(snapshot()).toMatchObject({ sent: 2, dropped: 2 })
        expect(taken).toBe(1)
        flow.changes.subscribe()
        expect(taken).toBe(2)
      })
    })
  })
})
