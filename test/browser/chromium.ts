/** Chromium: where it is, whether its tests are left out, and how it is started. */

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** Where the browser of this machine is: what CHROMIUM says, else the first that is found. */
function findChromium({ CHROMIUM, PATH = '' } = process.env): string | undefined {
  if (CHROMIUM) return CHROMIUM
  const folders = ['/usr/bin', ...PATH.split(delimiter)]
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(existsSync)
}

const executablePath = findChromium()
const required = (process.env['RIVULET_REQUIRE'] ?? '').split(',').includes('browser')

/** Whether there is no browser, and nobody minds. */
export const leftOut = !executablePath && !required

// It talks to nobody but the page.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-sync',
  '--disable-component-update',
]

/** How long it may take to start, on a machine that has much else to do. */
export const startTimeout = 60_000

export function launch(): Promise<Browser> {
  if (!executablePath) throw new Error('RIVULET_REQUIRE asks for a browser, and none was found')
  return chromium.launch({ executablePath, args, timeout: startTimeout })
}
