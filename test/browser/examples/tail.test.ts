import { once } from 'node:events'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { follow } from '../../../examples/tail/follow.js'
import { tail } from '../../../examples/tail/server.js'
import { openClient } from '../../wire/ws-client.js'
import { leftOut } from '../chromium.js'
import { browsing, judge, running, visiting } from './visitor.js'

function logged(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'tail-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'app.log')
  writeFileSync(path, text)
  return { path, start: (port: number) => tail(port, path) }
}

const minute = (at: number) =>
  `2026-01-01T12:${String(at).padStart(2, '0')}:00Z request ${at} took ${(at * 37) % 90} ms\n`

/** How often this process has the file open. */
const opened = (path: string) =>
  readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === realpathSync(path)
    } catch {
      // the one that listed them
      return false
    }
  }).length

describe.skipIf(process.platform !== 'linux')('follow', () => {
  test('closes the file when nobody pulls any more', async () => {
    const { path } = logged('a line\n')
    const followed = follow(path)
    expect((await followed.next()).value).toEqual({ text: 'a line\n' })
    expect(opened(path)).toBe(1)
    await followed.return(undefined)
    expect(opened(path)).toBe(0)
  })

  test('closes a file that does not grow when the client leaves', async () => {
    const { path, start } = logged('a line\n')
    const { port } = await running(start)
    const { ws } = await openClient(`ws://127.0.0.1:${port}/ws`)
    // it has what there is, and an answer to a ping: now nothing more comes
    await once(ws, 'message')
    ws.ping()
    await once(ws, 'pong')
    await expect.poll(() => opened(path)).toBe(1)
    ws.close()
    await expect.poll(() => opened(path), { timeout: 5_000 }).toBe(0)
  })
})

describe.skipIf(leftOut)('the page of the tail example', { timeout: 60_000 }, () => {
  browsing()

  test('follows a file that grows, is cut, is replaced, goes, and comes back', async () => {
    const { path, start } = logged([1, 2, 3, 4, 5].map(minute).join(''))
    const { address } = await running(start)
    const { page, part, says } = await visiting(address)
    await says('name', 'app.log')
    await says('text', 'request 5 took')
    // it is read within a line, and within a character
    const line = Buffer.from('2026-01-01T12:06:00Z half a line, and an umläut\n')
    const within = line.indexOf('ä') + 1
    appendFileSync(path, line.subarray(0, within))
    await says('text', 'and an uml')
    appendFileSync(path, line.subarray(within))
    await says('text', 'half a line, and an umläut\n')
    expect(await part('lines').textContent()).toBe('6')

    truncateSync(path)
    await says('text', '— the file was cut; it begins anew')
    appendFileSync(path, minute(7))
    await says('text', 'request 7 took')

    // what was written last into the old one is read, too
    appendFileSync(path, minute(8))
    renameSync(path, `${path}.1`)
    writeFileSync(path, minute(9))
    await says('text', /request 8 took.*\n— another file took its place\n.*request 9 took/)

    rmSync(path)
    await says('text', '— the file is gone; waiting for it')
    writeFileSync(path, minute(10))
    await says('text', 'request 10 took')
    await judge(page, 'tail')
  })

  test('shows the end of a big file, from the start of a line', async () => {
    const line = `${'x'.repeat(99)}\n`
    const { start } = logged(`${line.repeat(300_000)}the last line\n`)
    const { address } = await running(start)
    const { part, says } = await visiting(address)
    await says('text', 'the last line')
    // 64 KiB, less what is left of a line
    expect(await part('text').textContent()).toMatch(/^— 29,934,500 bytes before this\nx{99}\n/)
    expect(Number(await part('lines').textContent())).toBe(656)
  })

  test('holds still when it is told to, by the keyboard', async () => {
    const { path, start } = logged(minute(1).repeat(200))
    const { address } = await running(start)
    const { page, part, says } = await visiting(address)
    await says('lines', '200')
    // over the links to the button
    for (let at = 0; at < 4; at++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await part('pause').getAttribute('aria-pressed')).toBe('true')
    const top = 'document.querySelector("pre").scrollTop'
    const before = await page.evaluate<number>(top)
    appendFileSync(path, minute(2).repeat(50))
    await says('lines', '250')
    expect(await page.evaluate<number>(top)).toBe(before)
    await page.keyboard.press('Enter')
    expect(await page.evaluate<number>(top)).toBeGreaterThan(before)
  })

  test('says that the server has stopped, and begins anew when it is back', async () => {
    const { start } = logged(minute(1))
    const { address, stop, restart } = await running(start)
    const { part, says, excuse } = await visiting(address)
    await says('text', 'request 1 took')
    excuse()
    await stop()
    await says('state', 'the server')
    await restart()
    await says('text', 'connected again')
    await says('text', 'request 1 took')
    expect(await part('lines').textContent()).toBe('1')
  })
})
