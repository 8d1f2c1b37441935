import { concat, interval, map, merge, NEVER, of, take } from 'rxjs'
import { expect, test } from 'vitest'
import { virtualTime } from 'rivulet/testing'

// both ends talk over a bad network, and lose each other in the end
const chatter = (seed: number) =>
  virtualTime(
    ({ link, at, random }) => {
      const wire = link(
        {
          server: ({ messages }) => merge(messages, interval(700).pipe(map(each => `${each}`))),
          client: () =>
            concat(
              interval(300).pipe(
                take(50),
                map(each => `${each}`),
              ),
              NEVER,
            ),
        },
        { latency: 80, jitter: 400, bandwidth: 2_000 },
      )
      at(20_000 + Math.floor(random() * 5_000), () => wire.cut())
    },
    { until: '1m', seed },
  ).events

test('the same seed gives the same run, event for event, 100 times', () => {
  const first = chatter(7)
  expect(first.length).toBeGreaterThan(100)
  for (let run = 0; run < 100; run++) expect(chatter(7)).toEqual(first)
})

test('other seeds give other runs', () => {
  const runs = Array.from({ length: 20 }, (_, seed) => chatter(seed).join('\n'))
  expect(new Set(runs).size).toBe(20)
})

test('without a seed a run is the same each time, too', () => {
  const drawn = () => {
    const numbers: number[] = []
    virtualTime(({ random }) => numbers.push(random(), random(), random()))
    return numbers
  }
  expect(drawn()).toEqual(drawn())
})

test.each([0, 1, -1, 2 ** 31, 0x9e3779b9, 1.5])('seed %d gives numbers from 0 to 1', seed => {
  virtualTime(
    ({ random }) => {
      const numbers = Array.from({ length: 1_000 }, random)
      expect(numbers.every(number => number >= 0 && number < 1)).toBe(true)
      expect(new Set(numbers).size).toBeGreaterThan(990)
      const mean = numbers.reduce((sum, number) => sum + number) / numbers.length
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.05)
    },
    { seed },
  )
})

test('the dice of a run are the dice of its connections', () => {
  const drawn = (seed: number) => {
    let number = 0
    virtualTime(
      ({ accept, random }) => {
        accept(() => {
          number = random()
          return of('x')
        })
      },
      { seed },
    )
    return number
  }
  expect(drawn(3)).toBe(drawn(3))
  expect(drawn(3)).not.toBe(drawn(4))
})
