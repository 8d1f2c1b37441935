/** Lanes: messages as marbles on two time lines, the newest at the right. */

import { type Dot, type Item, span } from './model.js'

export interface Palette {
  readonly in: string
  readonly out: string
  readonly line: string
  readonly quiet: string
}

export interface Box {
  readonly left: number
  readonly right: number
  /** Where the two lines are. */
  readonly in: number
  readonly out: number
  /** The largest marble. */
  readonly most: number
}

// what is nearer than this is one marble, which grows by what is in it
const near = 5
// what was told has been on its way for a while
const delay = 250

/** Draws both lines of a connection, and forgets what has left them. */
export function drawLanes(
  context: CanvasRenderingContext2D,
  item: Item,
  box: Box,
  now: number,
  palette: Palette,
): void {
  context.fillStyle = palette.line
  context.fillRect(box.left, box.in - 0.5, box.right - box.left, 1)
  context.fillRect(box.left, box.out - 0.5, box.right - box.left, 1)
  for (const way of ['in', 'out'] as const) {
    forget(item.dots[way], now)
    context.fillStyle = palette[way]
    drawLane(context, item.dots[way], box, box[way], now)
  }
}

function drawLane(
  context: CanvasRenderingContext2D,
  dots: readonly Dot[],
  { left, right, most }: Box,
  y: number,
  now: number,
): void {
  const scale = (right - left) / span
  // by time and not by place, so that what is one marble stays one while it moves
  const width = near / scale
  context.beginPath()
  let bucket = NaN
  let count = 0
  let bytes = 0
  let time = 0
  let binary = false
  const put = () => {
    if (count === 0) return
    const x = right - (now - delay - time) * scale
    const grown = 2.2 + Math.log2(1 + bytes / count / 16) * 0.35 + Math.log2(count) * 0.4
    const radius = Math.min(most, grown)
    if (x < left || x > right) return
    if (binary) {
      context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8)
    } else {
      context.moveTo(x + radius, y)
      context.arc(x, y, radius, 0, 7)
    }
  }
  for (const dot of dots) {
    const own = Math.floor(dot.time / width)
    if (own !== bucket) {
      put()
      bucket = own
      count = bytes = 0
      time = dot.time
      binary = dot.binary
    }
    count++
    bytes += dot.bytes
  }
  put()
  context.fill()
}

function forget(dots: Dot[], now: number): void {
  const gone = now - span - delay
  // some at a time: moving the rest costs
  if (dots.length > 64 && (dots[32]?.time ?? now) < gone) {
    dots.splice(0, dots.findIndex(({ time }) => time >= gone) >>> 0)
  }
}

/** Fits a canvas to its place on the screen, and clears it. */
export function cleared(canvas: HTMLCanvasElement, width: number, height: number) {
  const { context } = fitted(canvas, width, height)
  context.clearRect(0, 0, width, height)
  return context
}

/** Fits a canvas to its place on the screen; `anew`: what was on it is gone. */
export function fitted(canvas: HTMLCanvasElement, width: number, height: number) {
  const ratio = Math.min(devicePixelRatio, 2)
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)]
  const anew = canvas.width !== w || canvas.height !== h
  if (anew) {
    canvas.width = w
    canvas.height = h
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  }
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  return { context, anew }
}
