import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exposition } from './prometheus.js'
import { serving } from './serving.js'
import { openClient } from './ws-client.js'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

interface Family {
  readonly type: string
  readonly samples: Map<string, number>
}

/** Reads the text format of Prometheus, version 0.0.4, and refuses what its grammar does not have. */
function parse(text: string): Map<string, Family> {
  expect(text.endsWith('\n')).toBe(true)
  const families = new Map<string, Family>()
  let helped = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) [^\n]+$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line)
    const sample =
      /^([a-zA-Z_:][\w:]*)((?:\{[a-zA-Z_]\w*="[^"\\\n]*"\})?) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
        line,
      )
    if (help) {
      helped = help[1]!
    } else if (type) {
      expect(type[1]).toBe(helped)
      expect(families.has(helped)).toBe(false)
      families.set(helped, { type: type[2]!, samples: new Map() })
    } else if (sample) {
      const [, name = '', labels = '', value] = sample
      const family = families.get(helped)!
      const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      expect(suffixes.map(suffix => helped + suffix)).toContain(name)
      const key = name.slice(helped.length) + labels
      expect(family.samples.has(key)).toBe(false)
      family.samples.set(key, Number(value))
    } else {
      throw new Error(`not a line of the format: ${line}`)
    }
  }
  return families
}

test('what Prometheus is told is its format, and true', async () => {
  const { server, url } = await serving({ path: '/ws' }, ({ messages }) => messages)
  const [first, second] = [await openClient(url), await openClient(url)]
  first.ws.send('one')
  await first.next()
  second.ws.close(4001)
  await second.closed
  await expect(openClient(`${url}/other`)).rejects.toThrow('404')

  const families = parse(exposition(server))
  const value = (name: string, rest = '') => families.get(`rivulet_${name}`)?.samples.get(rest)
  expect(value('connections', '{state="open"}')).toBe(1)
  expect(value('connections_opened_total')).toBe(2)
  expect(value('connections_closed_total', '{code="4001"}')).toBe(1)
  expect(value('handshakes_refused_total', '{status="404"}')).toBe(1)
  expect(value('messages_received_total')).toBe(1)
  expect(value('messages_sent_total')).toBe(1)
  expect(value('received_bytes_total')).toBeGreaterThan(100)
  expect(value('outbox_bytes')).toBe(0)
  expect(value('handshake_seconds', '_count')).toBe(2)

  for (const [name, { type, samples }] of families) {
    expect(name.endsWith('_total')).toBe(type === 'counter')
    if (type !== 'histogram') continue
    const buckets = [...samples].filter(([key]) => key.startsWith('_bucket'))
    const counts = buckets.map(([, count]) => count)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(buckets.at(-1)).toEqual(['_bucket{le="+Inf"}', samples.get('_count')])
  }
})

test('the recipe in docs/inspect.md is this one, word for word', () => {
  const flat = (code: string) =>
    code
      .replace(/\s+/g, ' ')
      .replace(/,(?= [)}\]])/g, '')
      .trim()
  const [, tested = ''] = /\/\/ #region Prometheus\nexport ([^]*?)\/\/ #endregion/.exec(
    read('prometheus.ts'),
  )!
  expect(flat(read('../../docs/inspect.md'))).toContain(flat(tested))
})
