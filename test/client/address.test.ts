import { EMPTY, firstValueFrom, lastValueFrom, NEVER, of, throwError } from 'rxjs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Address, readAddress } from '../../src/client/address.js'

const read = (address: Address) => firstValueFrom(readAddress('connect: url', address))

describe('an address', () => {
  test.each([
    ['ws://example.org/feed?a=b', 'ws://example.org/feed?a=b'],
    ['wss://example.org', 'wss://example.org/'],
    ['http://example.org:8080/ws', 'ws://example.org:8080/ws'],
    ['https://example.org/ws', 'wss://example.org/ws'],
    ['WS://EXAMPLE.org:80/', 'ws://example.org/'],
    ['ws://user:secret@[::1]:9000/', 'ws://user:secret@[::1]:9000/'],
  ])('%s is %s', async (given, whole) => {
    expect(await read(given)).toBe(whole)
    expect(await read(new URL(given))).toBe(whole)
    expect(await read(() => given)).toBe(whole)
  })

  test.each([
    '',
    'example.org',
    '/ws',
    'ftp://example.org',
    'ws://example.org/#part',
    'ws://',
    5,
    null,
  ])('%j is refused at once', given => {
    expect(() => readAddress('connect: url', given as string)).toThrow(
      /^connect: url: .* is not a URL of ws:, wss:, http: or https:, without a fragment$/,
    )
  })

  test('that is refused is shown without its password and its query', () => {
    expect(() => readAddress('url', 'ws://ada:secret@host/a?token=secret#part')).toThrow(
      'url: "ws://…@host/a…" is not',
    )
    expect(() => readAddress('url', 'ada:secret//x?token=secret')).toThrow('"ada:secret//x…"')
    expect(() => readAddress('url', 'ws://ada:se/cret@host/#token=secret')).toThrow(
      '"ws://…@host/…"',
    )
  })

  test('of a function is asked for at each subscription, and not before', async () => {
    let calls = 0
    const address = readAddress('connect: url', () => `ws://example.org/${++calls}`)
    expect(calls).toBe(0)
    expect(await firstValueFrom(address)).toBe('ws://example.org/1')
    expect(await firstValueFrom(address)).toBe('ws://example.org/2')
  })

  test('may come later: of a promise, or the first of an Observable, which is then let go', async () => {
    expect(await read(() => Promise.resolve('http://example.org'))).toBe('ws://example.org/')
    expect(await read(() => of('ws://example.org/a', 'ws://example.org/b'))).toBe(
      'ws://example.org/a',
    )
    const address = readAddress(
      'url',
      () =>
        new (class Late {
          then = undefined
        })() as never,
    )
    await expect(firstValueFrom(address)).rejects.toThrow(/^url: an object is not a URL/)
  })

  test('that a function does not give is an error', async () => {
    const failed = new Error('no token')
    await expect(read(() => Promise.reject(failed))).rejects.toBe(failed)
    await expect(read(() => throwError(() => failed))).rejects.toBe(failed)
    await expect(read(() => EMPTY)).rejects.toThrow('connect: url: the function gave none')
    await expect(read(() => 'nonsense')).rejects.toThrow(/"nonsense" is not a URL/)
    await expect(read(() => undefined as never)).rejects.toThrow(/undefined is not a URL/)
    await expect(
      read(() => {
        throw failed
      }),
    ).rejects.toBe(failed)
  })

  test('that is awaited can be left', () => {
    const seen: unknown[] = []
    readAddress('url', () => NEVER)
      .subscribe(each => seen.push(each))
      .unsubscribe()
    expect(seen).toEqual([])
  })
})

describe('an address in a page', () => {
  afterEach(() => vi.unstubAllGlobals())

  test.each([
    ['https://example.org/app/', '/ws', 'wss://example.org/ws'],
    ['https://example.org/app/', 'ws?a', 'wss://example.org/app/ws?a'],
    ['http://localhost:8081/', '//other/ws', 'ws://other/ws'],
    ['http://localhost:8081/', 'wss://other/ws', 'wss://other/ws'],
  ])('%s: %s is %s', async (href, given, whole) => {
    vi.stubGlobal('location', { href })
    expect(await lastValueFrom(readAddress('url', given))).toBe(whole)
  })

  test('is relative to the base of its document, where it has one', async () => {
    vi.stubGlobal('location', { href: 'about:srcdoc' })
    vi.stubGlobal('document', { baseURI: 'https://example.org/base/' })
    expect(await lastValueFrom(readAddress('url', 'ws'))).toBe('wss://example.org/base/ws')
  })

  test('of a file has no server of its own', () => {
    vi.stubGlobal('location', { href: 'file:///home/page.html' })
    expect(() => readAddress('url', '/ws')).toThrow(TypeError)
  })
})
