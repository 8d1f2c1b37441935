import { interval, map, VirtualTimeScheduler } from 'rxjs'
import { expect, test } from 'vitest'
import { stage } from 'rivulet/testing'

const tick = () => interval(1_000, new VirtualTimeScheduler()).pipe(map(each => `${each}`))

test('a stage counts its time from its start, logs, and ends what lives', () => {
  const scheduler = new VirtualTimeScheduler()
  const until = (time: number) => {
    scheduler.maxFrames = time
    scheduler.flush()
    scheduler.frame = time
  }
  until(10_000)
  const { accept, link, events, close } = stage({ scheduler })
  const { connection, peer } = accept(undefined, { heartbeat: false })
  link({ server: tick }, { latency: '1s' })
  peer.sends('500ms a')
  until(11_000)
  connection.send('b')
  until(12_000)
  expect(peer.received.messages).toEqual([
    { frame: 1_000, notification: { kind: 'N', value: 'b' } },
  ])
  expect(events).toEqual([
    '0s server-1 connecting',
    '0s server-2 connecting',
    '0s client-3 connecting',
    '0s server-1 open',
    '500ms server-1 ◀ text "a"',
    '1s server-2 open',
    '1s server-1 ▶ text "b"',
    '2s client-3 open',
  ])
  expect(close().map(({ id }) => id)).toEqual(['server-1', 'server-2', 'client-3'])
  until(13_000)
  expect(connection.state).toBe('closed')
  expect(events).toHaveLength(8)
})
