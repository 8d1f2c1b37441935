/** Site: the page of an example, with the style and the script that all of them share. */

import { readdirSync, readFileSync } from 'node:fs'
import type { RequestListener } from 'rivulet/server'
import { answersObservatory } from './observatory/server.js'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  // the page links to them: the source of an example is what it has to show
  ts: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
}

const shared = new URL('./', import.meta.url)

/**
 * Answers requests with the files of a folder, and with those that all examples share: `/` is
 * `index.html`, and a file is read when it is asked for, so that a changed page needs no restart.
 *
 * @param url of any file in the folder: `import.meta.url`.
 * @param at where the page is: `/`, or a path such as `/observatory`.
 */
export function site(url: string, at = '/'): RequestListener {
  const base = at.endsWith('/') ? at : `${at}/`
  const own = new URL('./', url)
  // only what is there now and has a type: no path that is asked for ever becomes one of a file
  const files = new Map([...served(shared, '/'), ...served(own, base)])
  const page = files.get(`${base}index.html`)
  if (page) files.set(base, page).set(at, page)
  return (request, response) => {
    if (answersObservatory(request, response)) return
    const [path = ''] = (request.url ?? '').split('?')
    const file = files.get(path)
    const body = file && readFileSync(file.url)
    response.writeHead(body ? 200 : 404, {
      'Content-Type': file?.type ?? 'text/plain; charset=utf-8',
      'Cache-Control': 'no-cache',
    })
    response.end(body ?? 'Not found')
  }
}

function served(folder: URL, at: string): [path: string, file: { url: URL; type: string }][] {
  return readdirSync(folder).flatMap(name => {
    const type = types[name.split('.').pop() ?? '']
    return type ? [[at + name, { url: new URL(name, folder), type }]] : []
  })
}
