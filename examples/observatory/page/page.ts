/** The page of the observatory: it listens to the feed with Rivulet, and draws what it hears. */

import { switchMap, tap } from 'rxjs'
import { type Codec, connect, json, reconnect } from 'rivulet'
import type { News, Wanted } from '../feed.js'
import { colorsOf } from './colors.js'
import { Detail } from './detail.js'
import { List } from './list.js'
import { type Item, Model } from './model.js'
import { Sky } from './sky.js'
import { Totals } from './totals.js'
import { nameOf } from './words.js'

const part = (name: string) => document.querySelector<HTMLElement>(`[data-testid='${name}']`)!

const model = new Model()
const sky = new Sky(part('chart'), model, item => choose(item, true))
const totals = new Totals(part('totals'), part('ledger'))
const list = new List(document.querySelector<HTMLElement>('.stage')!, model, item => choose(item))
const detail = new Detail(part('detail'))

let chosen: Item | undefined
let watching: readonly string[] = []
let send: (wanted: Wanted) => void = () => undefined

function choose(item: Item | undefined, shows = false): void {
  chosen = item
  sky.chosen = list.chosen = item?.id
  detail.show(item)
  sky.update()
  list.changed()
  if (item && shows) list.go(item)
  watch()
}

// only of what is to be seen the messages are told
function watch(): void {
  const shown = new Set(watching)
  if (chosen && chosen.state !== 'closed') shown.add(chosen.id)
  send({ watch: [...shown].slice(0, 100) })
}

list.shown = ids => {
  if (ids.length === watching.length && ids.every((id, at) => id === watching[at])) return
  watching = ids
  watch()
}

model.changed = item => {
  sky.changed(item)
  list.changed()
  part('none').hidden = model.items.size > 0
  if (item !== undefined && item === chosen) detail.update()
  if (item === undefined) choose(model.items.get(chosen?.id ?? ''))
  // one is all that there is to look at
  if (!chosen && model.items.size === 1) choose([...model.items.values()][0])
}

model.ticked = () => {
  if (model.metrics) totals.show(model.metrics)
  sky.update()
  list.tick()
  detail.update()
}

// --- what is heard ---

part('address').textContent = `of the example at ${location.host}`

const says = {
  connecting: 'Connecting',
  open: 'Live',
  lost: 'The server is away; trying again',
} as const

function feedIs(state: keyof typeof says): void {
  document.body.dataset['feed'] = state
  part('feed').textContent = says[state]
}

connect('/observatory/feed', {
  codec: json<News | Wanted>() as Codec<News, Wanted>,
  limits: { payload: 16 * 1024 * 1024 },
})
  .pipe(
    tap(({ states, send: sends }) => {
      send = sends
      states.subscribe(state => {
        if (state === 'open') feedIs('open')
        if (state === 'closed') feedIs('lost')
        if (state === 'open') watch()
      })
    }),
    reconnect({ from: 500, to: 5_000 }),
    switchMap(({ messages }) => messages),
  )
  .subscribe({ next: news => model.take(news), error: () => feedIs('lost') })

// --- what is drawn ---

const calm = matchMedia('(prefers-reduced-motion: reduce)')
const pause = part('pause')
let stopped: number | undefined
let palette = colorsOf(['accent', 'out', 'line', 'quiet'])
let turn = 0
let drawnAt = -Infinity

function fit(): void {
  palette = colorsOf(['accent', 'out', 'line', 'quiet'])
  sky.fit()
  list.changed()
  drawnAt = -Infinity
}

function hold(): void {
  const held = pause.ariaPressed !== 'true'
  pause.ariaPressed = String(held)
  stopped = held ? Date.now() : undefined
  sky.still = held || calm.matches
}

pause.addEventListener('click', hold)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', fit)
new ResizeObserver(fit).observe(part('chart'))
sky.still = calm.matches
calm.addEventListener('change', () => (sky.still = calm.matches))

function frame(at: number): void {
  requestAnimationFrame(frame)
  list.arrange()
  // what there is to draw is spread over four frames
  turn = (turn + 1) % 4
  if (turn % 2 === 0) sky.draw(at)
  // who wants no motion gets a picture a second
  if (calm.matches && at - drawnAt < 1_000) return
  const now = stopped ?? Date.now()
  const colors = { in: palette.accent, out: palette.out, line: palette.line, quiet: palette.quiet }
  const all = calm.matches || drawnAt === -Infinity
  drawnAt = at
  if (all) list.draw(now, colors)
  else if (turn === 1) list.draw(now, colors, 0)
  else if (turn === 3) list.draw(now, colors, 1)
  if (all || turn === 2) detail.draw(now, colors)
}
requestAnimationFrame(frame)

// --- what is said to who does not see it ---

let said = ''
setInterval(() => {
  const { open, closing, closed } = model.groups
  const text = `${open.length} connections open, ${closing.length} closing, ${closed.length} closed lately${
    chosen ? `; ${nameOf(chosen)} is ${chosen.state}` : ''
  }`
  if (text === said) return
  said = text
  part('said').textContent = text
}, 15_000)
