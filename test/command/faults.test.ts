import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { event } from '../wire/event.js'
import { listening, rawServing, switching } from '../wire/raw-server.js'
import { wsServing } from '../wire/ws-server.js'
import { installed, rivulet } from './installed.js'

installed()

/** What it says when it can't connect there; without the line that it is connecting. */
async function failing(url: string, ...args: string[]): Promise<string> {
  const run = rivulet(['connect', url, ...args])
  expect(await run.exit).toBe(1)
  expect(run.said).toBe('')
  return run.noted.replace(/^connecting to .*\n/, '').replace(/127\.0\.0\.1:\d+/g, 'HOST')
}

describe('what never opens', () => {
  test('is refused by nobody who listens', async () => {
    const http = createServer().listen(0, '127.0.0.1')
    await event(http, 'listening')
    const { port } = http.address() as AddressInfo
    http.close()
    await event(http, 'close')
    const url = `ws://127.0.0.1:${port}`
    expect(await failing(url)).toBe('Nobody listens at HOST: the connection was refused\n')
  })

  test('has no host', async () => {
    const said = 'There is no host nowhere.invalid, or no network to ask for it\n'
    expect(await failing('ws://nowhere.invalid')).toBe(said)
  })

  test.each([
    [200, {}, 'HOST answered 200 OK: that is a page, and no WebSocket'],
    [302, { location: '/new?token=a' }, 'HOST answered 302 Found: it is at /new…'],
    [401, {}, `HOST answered 401 Unauthorized: it wants to know who you are, as --header 'Auth`],
    [403, {}, 'HOST answered 403 Forbidden: it does not let you in; --origin says for which page'],
    [404, {}, 'HOST answered 404 Not Found: there is no /path'],
    [500, {}, 'HOST answered 500 Internal Server Error\n'],
    [
      503,
      { 'retry-after': '30' },
      'HOST answered 503 Service Unavailable: it asks to try again after 30',
    ],
  ])('is answered with %d', async (status, headers, said) => {
    const http = createServer((_, response) => response.writeHead(status, headers).end())
    http.listen(0, '127.0.0.1')
    await event(http, 'listening')
    onTestFinished(async () => {
      http.close()
      http.closeAllConnections()
      await event(http, 'close')
    })
    const { port } = http.address() as AddressInfo
    expect(await failing(`ws://127.0.0.1:${port}/path?secret`)).toContain(said)
  })

  test('is not answered', async () => {
    const { url } = await rawServing(() => undefined)
    const said = 'HOST did not answer in time (closed with 1006)\n'
    expect(await failing(url, '--timeout', '0.2')).toBe(said)
  })

  test('is hung up on', async () => {
    const { url } = await listening(tcp => tcp.destroy())
    expect(await failing(url)).toBe('HOST hung up without an answer; does it want wss?\n')
  })

  test('is an answer that makes no sense', async () => {
    const { url } = await rawServing(tcp => tcp.write(switching('another key')))
    expect(await failing(url)).toMatch(/^The answer of HOST makes no sense: .*Accept/)
  })

  test('has no TLS', async () => {
    const { url } = await wsServing()
    const secure = url.replace('ws:', 'wss:')
    expect(await failing(secure)).toBe('HOST does not speak TLS; does it want ws?\n')
  })
})

describe('an end that nobody asked for', () => {
  test.each([
    [1011, 'broken'],
    [4000, ''],
  ])('is %d from the server, and exits with 1', async (code, reason) => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url])
    const { ws } = await peers.next()
    ws.send('the last word')
    ws.close(code, reason)
    expect(await run.exit).toBe(1)
    expect(run.said).toBe('the last word\n')
    expect(run.noted).toContain(`closed with ${code} by the server${reason && ': broken'}\n`)
  })

  test('is a connection that breaks', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url])
    const { ws } = await peers.next()
    await run.notes('open')
    ws.terminate()
    expect(await run.exit).toBe(1)
    expect(run.noted).toContain('The connection was lost')
  })

  test('is a close that is not answered', async () => {
    const { url } = await rawServing((tcp, key) => tcp.write(switching(key)))
    const run = rivulet(['connect', url, '-w', '0']).pipe('')
    expect(await run.exit).toBe(1)
    expect(run.noted).toMatch(/did not answer the close in time \(closed with 1006\)\n$/)
  })
})

describe('arguments that make no sense', () => {
  test.each([
    [[], 'What is to be done? There is: connect <url>.'],
    [['listen', 'ws://secret'], 'The one thing that it does is: connect <url>.'],
    [['connect'], 'Where to? connect <url> takes an address.'],
    [['connect', 'ws://a', 'secret'], 'connect takes one address; quote what has spaces.'],
    [['connect', 'secret.example/ws'], 'An address begins with ws:// or wss://,'],
    [['connect', 'ftp://secret'], 'An address begins with ws:// or wss://,'],
    [['connect', 'ws://ada:secret@:1'], 'The address is not a URL.'],
    [['connect', 'ws://ada:secret@a/#there'], 'url: '],
    [['connect', 'ws://a', '-H', 'secret'], `--header takes 'Name: value'.`],
    [['connect', 'ws://a', '-H', 'a: sec\nret'], '--header: a has a value of one line.'],
    [['connect', 'ws://a', '-H', 'Upgrade: secret'], 'headers: "upgrade" is not a header of yours'],
    [['connect', 'ws://a', '-s', 'sec ret'], 'protocols: what was given is not a token'],
    [['connect', 'ws://a', '--wait', 'secret'], '--wait takes seconds, from 0 and less than'],
    [['connect', 'ws://a', '--timeout', '0'], '--timeout takes seconds, more than 0 and less'],
    [['connect', 'ws://a', '--count', '0'], '--count takes a whole number from 1.'],
    [['connect', 'ws://a', '--binary', 'secret'], '--binary takes hex or base64.'],
    [['connect', 'ws://a', '--token=secret'], `Unknown option '--token'.`],
    [['connect', 'ws://a', '-H'], `Option '-H, --header <value>' argument missing.`],
  ])('%j', async (args, said) => {
    const run = rivulet(args)
    expect(await run.exit).toBe(2)
    expect(run.said).toBe('')
    expect(run.noted).toContain(`rivulet: ${said}`)
    expect(run.noted).toMatch(/\nrivulet --help says what there is\.\n$/)
    expect(run.noted).not.toMatch(/sec\s?ret|ada/)
  })
})
