import { NEVER, of } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { binary, type Codec, json, latest, type Message, prepare, text } from 'rivulet'
import { like, virtualTime } from 'rivulet/testing'

describe('prepare', () => {
  test('encodes once for many connections', () => {
    virtualTime(({ accept, expectStream }) => {
      let encoded = 0
      const codec: Codec<string> = { ...text, encode: value => (encoded++, value) }
      const hello = prepare('hello', codec)
      for (let each = 0; each < 3; each++) {
        const { peer } = accept(() => of(hello), { codec })
        expectStream(peer.received).toBe('h', { h: 'hello' })
      }
      expect(encoded).toBe(1)
    })
  })

  test('is for every writer: send, an Observable; and waits in order before open', () => {
    virtualTime(({ connect, expectStream }) => {
      const { connection, peer } = connect(() => of('c', prepare('d')), { opens: '1s' })
      connection.send('a')
      connection.send(prepare('b'))
      expectStream(peer.received).toBe('1s (abcd)')
    })
  })

  test('keeps what the value was, and what the bytes were', () => {
    virtualTime(({ accept, expectStream }) => {
      const codec = json<{ list: number[] }>()
      const value = { list: [1] }
      const message = prepare(value, codec)
      value.list.push(2)
      const one = accept(() => of(message), { codec })
      expectStream(one.peer.received).toBe('m', { m: '{"list":[1]}' })
      const bytes = Uint8Array.of(1, 2, 3)
      const raw = prepare(bytes)
      bytes.fill(0)
      const other = accept(() => of(raw))
      expectStream(other.peer.received).toBe('m', { m: Uint8Array.of(1, 2, 3) })
    })
  })

  test('with another codec than that of the connection closes with 1011', () => {
    virtualTime(({ accept, expectStream, expectClose }) => {
      const { connection, peer } = accept(() => of('fine', prepare('other', json<string>())), {
        codec: text,
      })
      expectStream(peer.received).toBe('f', { f: 'fine' })
      expectClose(connection, '0s', {
        code: 1011,
        cause: like({
          code: 'ERR_CODEC',
          message: 'A message was prepared with another codec than that of this connection',
        }),
      })
    })
  })

  test('takes no value that the codec does not take, and says so at once', () => {
    expect(() => prepare(5 as unknown as string)).toThrow(/string or a Uint8Array, not a number/)
    expect(() => prepare('text' as unknown as Uint8Array, binary)).toThrow(/is a Uint8Array/)
    // @ts-expect-error the codec takes texts
    expect(() => prepare(5, text)).toThrow(/text message is a string/)
    // @ts-expect-error there is no such message
    prepare({ type: 'mov' }, json<{ type: 'move' }>())
  })

  test('is its own key where only the latest of each key waits', () => {
    virtualTime(({ accept, at }) => {
      const filler = 'x'.repeat(70_000)
      const { connection, peer } = accept(() => NEVER, {
        outbox: { overflow: latest<Message>(message => message.length) },
        wire: { bandwidth: 70_010 },
      })
      const ready = prepare('a')
      at('0s', () => {
        connection.send(filler)
        connection.send('b')
        connection.send(ready)
        connection.send('c')
        connection.send(ready)
      })
      at('2s', () => expect(connection.flow.dropped).toBe(2))
      at('2s', () => expect(peer.received.values).toEqual([filler, 'c', 'a']))
    })
  })
})
