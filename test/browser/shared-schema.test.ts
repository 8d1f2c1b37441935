import { firstValueFrom, lastValueFrom, map } from 'rxjs'
import { expect, onTestFinished, test } from 'vitest'
import { json, on } from 'rivulet'
import { serve } from 'rivulet/server'
import { bundle } from './bundle.js'
import { launch, leftOut } from './chromium.js'
import { Answer, Guess } from './shared-schema.js'
import { site } from './site.js'

test.skipIf(leftOut)(
  'a page and a server share one schema, and nothing else',
  async () => {
    const { script, sources } = await bundle(new URL('shared-schema-page.ts', import.meta.url))
    const ours = sources.filter(source => !source.includes('node_modules/'))
    expect(ours.map(source => source.replace(/^.*\//, '')).sort()).toEqual([
      'shared-schema-page.ts',
      'shared-schema.ts',
    ])

    const server = serve(
      {
        port: 0,
        host: '127.0.0.1',
        path: '/ws',
        codec: json({ in: Guess, out: Answer }, { checksOutgoing: true }),
        request: site(script),
      },
      ({ messages }) =>
        messages.pipe(
          on('guess'),
          map(({ number }, tries) =>
            number === 42
              ? { type: 'found' as const, tries: tries + 1 }
              : { type: number < 42 ? ('low' as const) : ('high' as const) },
          ),
        ),
    )
    onTestFinished(async () => {
      await lastValueFrom(server.close())
    })
    const { port } = await firstValueFrom(server.listening)
    const opened = firstValueFrom(server.connections)

    const browser = await launch()
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    const said: string[] = []
    page.on('console', message => {
      if (message.type() === 'log') said.push(message.text())
    })
    const done = page.waitForEvent('console', message => message.text().startsWith('1008'))
    await page.goto(`http://127.0.0.1:${port}/`)
    const { closed } = await opened
    const close = firstValueFrom(closed)
    await done
    expect(said).toEqual(['found 42 in 7', 'false', '1008 message not allowed'])
    expect(await close).toMatchObject({
      code: 1008,
      by: 'local',
      cause: { issues: [{ path: 'number' }] },
    })
  },
  60_000,
)
