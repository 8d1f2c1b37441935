import { interval, map } from 'rxjs'
import { test } from 'vitest'
import { virtualTime } from 'rivulet/testing'

const hello = () => interval(5_000).pipe(map(() => 'hello'))

test('says hello every five seconds, until the peer has had enough', () => {
  virtualTime(({ accept, at, expectStream, expectClose }) => {
    const { connection, peer } = accept(hello)
    at('12s', () => peer.close(4001, 'enough'))
    expectStream(peer.received).toBe('5s h 4999ms h', { h: 'hello' })
    expectClose(connection, '12s', { code: 4001, reason: 'enough', by: 'peer' })
  })
})
