// The first example: every connection gets "hello" every five seconds.
import { readFileSync } from 'node:fs'
import { interval, map } from 'rxjs'
import { anyOrigin, serve } from 'rivulet/server'
import { answersObservatory } from '../observatory/server.js'

const page = readFileSync(new URL('./index.html', import.meta.url))

export function hello(port: number) {
  return serve(
    {
      port,
      path: '/ws',
      // as the page may be opened from a file, which has no origin
      checkOrigin: anyOrigin,
      request: (request, response) => {
        if (answersObservatory(request, response)) return
        const found = request.url === '/'
        response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8' })
        response.end(found ? page : 'Not found')
      },
    },
    () => interval(5_000).pipe(map(() => 'hello')),
  )
}
