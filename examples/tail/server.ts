// A file followed as it grows: each connection reads it at its own pace.
import { basename } from 'node:path'
import { json } from 'rivulet'
import { serve } from 'rivulet/server'
import { site } from '../site.js'
import { type Followed, follow } from './follow.js'
import { writeLog } from './write-log.js'

export function tail(port: number, path = writeLog()) {
  return serve(
    {
      port,
      path: '/ws',
      codec: json<Followed | { name: string }>(),
      request: site(import.meta.url),
    },
    // pulled as the socket drains: a slow reader makes the server read the file slowly
    async function* ({ closed }) {
      const left = new AbortController()
      closed.subscribe(() => left.abort())
      yield { name: basename(path) }
      yield* follow(path, undefined, undefined, left.signal)
    },
  )
}
