// The first example: every connection gets "hello" every five seconds.
import { interval, map } from 'rxjs'
import { anyOrigin, serve } from 'rivulet/server'
import { site } from '../site.js'

export function hello(port: number) {
  return serve(
    {
      port,
      path: '/ws',
      // as the page may be opened from a file, which has no origin
      checkOrigin: anyOrigin,
      request: site(import.meta.url),
    },
    () => interval(5_000).pipe(map(() => 'hello')),
  )
}
