import { firstValueFrom, from, of, toArray } from 'rxjs'
import { expect, expectTypeOf, test } from 'vitest'
import { on } from 'rivulet'

type Event =
  | { readonly type: 'move'; readonly x: number }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'up' | 'down'; readonly by: number }

const events: Event[] = [
  { type: 'move', x: 1 },
  { type: 'say', text: 'hi' },
  { type: 'up', by: 2 },
  { type: 'down', by: 3 },
  { type: 'move', x: 4 },
]

test('lets through the messages with the tag, in order', async () => {
  const moves = from(events).pipe(on('move'), toArray())
  expect(await firstValueFrom(moves)).toEqual([events[0], events[4]])
})

test('has the type of the member, also of one with several tags', () => {
  from(events)
    .pipe(on('move'))
    .subscribe(move => expectTypeOf(move).toEqualTypeOf<{ readonly type: 'move'; x: number }>)
  from(events)
    .pipe(on('up'))
    .subscribe(({ type, by }) => {
      expectTypeOf(type).toEqualTypeOf<'up'>()
      expectTypeOf(by).toEqualTypeOf<number>()
    })
})

test('takes another field, and tags that are numbers, booleans or symbols', async () => {
  const tag = Symbol('tag')
  const numbered = of<({ op: 1; a: string } | { op: 2; b: number })[]>({ op: 1, a: 'x' }).pipe(
    on(1, 'op'),
  )
  expectTypeOf(await firstValueFrom(numbered)).toEqualTypeOf<{ op: 1; a: string }>()
  const said = of<{ ok: true; value: 1 } | { ok: false; why: string }>({ ok: false, why: 'no' })
  expect((await firstValueFrom(said.pipe(on(false, 'ok')))).why).toBe('no')
  const symbols = of({ [tag]: 'a' as const, n: 1 }).pipe(on('a', tag))
  expect((await firstValueFrom(symbols)).n).toBe(1)
})

test('narrows a tag that is any text', async () => {
  const loose = of<{ type: string; n: number }>({ type: 'a', n: 1 }).pipe(on('a'))
  expectTypeOf(await firstValueFrom(loose)).toExtend<{ type: 'a'; n: number }>()
})

test('lets nothing through, and does not fail, for what is no object after all', async () => {
  const rubbish = from([null, undefined, 5, 'move', [], {}] as unknown as Event[])
  expect(await firstValueFrom(rubbish.pipe(on('move'), toArray()))).toEqual([])
})

test('does not compile for a tag that no message has', () => {
  // @ts-expect-error no message has the tag 'mov'
  from(events).pipe(on('mov'))
  // @ts-expect-error no message has the field 'kind'
  from(events).pipe(on('move', 'kind'))
})
