/** Durations as marbles write them: `5s`, `1m 30s`, `250ms`. */

/** A duration: ms, or as marbles write it. */
export type Duration = number | string

const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const parts = /^(\d+(?:\.\d+)?(?:ms|s|m|h) ?)+$/

/** @throws {TypeError} for what is no duration, Infinity included: a run in which it passes never ends. */
export function milliseconds(duration: Duration): number {
  if (typeof duration === 'number' && duration >= 0 && duration < Infinity) return duration
  if (typeof duration === 'string' && parts.test(duration.trim())) {
    let sum = 0
    for (const [, count, name] of duration.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
      sum += Number(count) * unit[name as keyof typeof unit]
    }
    return sum
  }
  throw new TypeError(
    `'${duration}' is not a duration such as 5s, 1m 30s, 250ms, or a number of ms`,
  )
}

/** A time as people read it. */
export function written(time: number): string {
  if (time === 0) return '0s'
  const minutes = Math.floor(time / unit.m)
  const rest = time - minutes * unit.m
  const seconds = rest < unit.s && minutes === 0 ? `${round(rest)}ms` : `${round(rest / unit.s)}s`
  return minutes === 0 ? seconds : rest === 0 ? `${minutes}m` : `${minutes}m ${seconds}`
}

const round = (value: number) => Number(value.toFixed(3))
