// Every connection gets back what it sends, text as text and binary as binary.
import { serve } from 'rivulet/server'
import { site } from '../site.js'

export function echo(port: number) {
  return serve(
    { port, path: '/ws', request: site(import.meta.url) },
    // what comes in is what goes out
    ({ messages }) => messages,
  )
}
