import { once } from 'node:events'
import { delay, firstValueFrom, from, Subject } from 'rxjs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { serve } from 'rivulet/server'
import { stage, virtualTime } from 'rivulet/testing'

describe('what escapes virtual time', () => {
  test('is a generator that is async, and the run says so', () => {
    const run = () =>
      virtualTime(({ accept }) => {
        accept(async function* () {
          yield await Promise.resolve('never seen')
        })
      })
    expect(run).toThrow(/returned an AsyncIterable, and its values come after the run.*stage\(\)/)
  })

  test('is a promise: it is settled after the run', () => {
    virtualTime(({ accept, expectStream }) => {
      const { peer } = accept(() => from(Promise.resolve('never seen')))
      expectStream(peer.received).toBe('')
    })
  })

  test('is a bare timer: it fires after the run', async () => {
    const seen = new Subject<string>()
    const fired = firstValueFrom(seen)
    virtualTime(({ expectStream }) => {
      setTimeout(() => seen.next('later'), 1)
      expectStream(seen).toBe('')
    })
    expect(await fired).toBe('later')
  })
})

describe('the timers of RxJS', () => {
  afterEach(() => vi.useRealTimers())

  test('are virtual also where the runner has fake ones', () => {
    vi.useFakeTimers()
    virtualTime(({ accept, expectStream }) => {
      const { peer } = accept(({ messages }) => messages.pipe(delay(500)))
      peer.sends('1s a')
      expectStream(peer.received).toBe('1500ms a')
    })
  })
})

describe('an async generator on fake timers', () => {
  afterEach(() => vi.useRealTimers())

  // #region a stage
  test('a generator says tick, and tock five seconds later', async () => {
    vi.useFakeTimers()
    const { accept, close } = stage()
    const { peer } = accept(async function* () {
      yield 'tick'
      await new Promise(resolve => setTimeout(resolve, 5_000))
      yield 'tock'
    })
    await vi.advanceTimersByTimeAsync(4_990)
    expect(peer.received.values).toEqual(['tick'])
    await vi.advanceTimersByTimeAsync(20)
    expect(peer.received.values).toEqual(['tick', 'tock'])
    close()
  })
  // #endregion

  // #region fake timers
  test('lets five seconds pass between tick and tock', async () => {
    // only these: promises and the sockets of Node stay real
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    const server = serve({ port: 0 }, async function* () {
      yield 'tick'
      await new Promise(resolve => setTimeout(resolve, 5_000))
      yield 'tock'
    })
    const { port } = await firstValueFrom(server.listening)
    const client = new WebSocket(`ws://127.0.0.1:${port}`)
    const message = () => once(client, 'message').then(([data]) => String(data))

    expect(await message()).toBe('tick')
    const second = message()
    await vi.advanceTimersByTimeAsync(4_999)
    expect(vi.getTimerCount()).toBeGreaterThan(0) // it waits still
    await vi.advanceTimersByTimeAsync(1)
    expect(await second).toBe('tock')

    const [code] = (await once(client, 'close')) as [number]
    expect(code).toBe(1000)
    server.close()
  })
  // #endregion
})
