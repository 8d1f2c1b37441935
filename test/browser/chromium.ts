import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** Where the browser of this machine is: what CHROMIUM says, else the first that is found. */
export function findChromium(env = process.env): string | undefined {
  if (env['CHROMIUM']) return env['CHROMIUM']
  const folders = ['/usr/bin', ...(env['PATH'] ?? '').split(delimiter)]
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(existsSync)
}

/** It talks to nobody but the page. */
export const launchArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-sync',
  '--disable-component-update',
]
