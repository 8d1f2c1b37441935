import { readFileSync } from 'node:fs'
import { debounceTime, map, merge, of, startWith, timer } from 'rxjs'
import { expect, test } from 'vitest'
import { type Handler, text } from 'rivulet'
import { virtualTime } from 'rivulet/testing'

// #region the handler
const shouting: Handler<string, string> = ({ messages, close }) => {
  messages.pipe(startWith(''), debounceTime(30_000)).subscribe(() => close(4001, 'idle'))
  return merge(of('welcome'), messages.pipe(map(message => message.toUpperCase())))
}
// #endregion

// #region the test
test('greets, shouts back, and closes with 4001 when idle for 30 s', () => {
  virtualTime(({ accept, expectStream, expectClose }) => {
    const { connection, peer } = accept(shouting, { codec: text })
    peer.sends('1s a 1s b')
    expectStream(peer.received).toBe('w 999ms A 1s B', { w: 'welcome' })
    expectClose(connection, '32001ms', { code: 4001, reason: 'idle', by: 'local' })
  })
})
// #endregion

// #region the broken handler
const broken: Handler<string, string> = ({ messages, close }) => {
  timer(30_000).subscribe(() => close(4001, 'idle')) // not restarted by a message
  return merge(of('welcome'), messages) // not in upper case
}
// #endregion

test('the failure of a broken handler reads as the docs say', () => {
  const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8')
  const [, shown] = /```text\n(expectStream[^`]*?)\n```/.exec(page) ?? []
  const failing = () =>
    virtualTime(({ accept, expectStream, expectClose }) => {
      const { connection, peer } = accept(broken, { codec: text })
      peer.sends('1s a 1s b')
      expectStream(peer.received).toBe('w 999ms A 1s B', { w: 'welcome' })
      expectClose(connection, '32001ms', { code: 4001, reason: 'idle', by: 'local' })
    })
  expect(failing).toThrow(expect.objectContaining({ message: shown }))
})
