// Questions are answered word by word, one after the other, until they are stopped.
import { json } from 'rivulet'
import { serve } from 'rivulet/server'
import { z } from 'zod'
import { site } from '../site.js'
import { generate } from './model.js'

const Asked = z.union([
  z.object({ ask: z.string().min(1).max(2_000) }),
  z.object({ stop: z.literal(true) }),
])

export type Told = { question: string } | { token: string } | { end: 'whole' | 'stopped' }

export function tokens(port: number) {
  return serve(
    {
      port,
      path: '/ws',
      codec: json({ in: Asked, out: z.custom<Told>() }),
      // a stop must be seen also while the answer waits to be sent
      inbox: { pausesWhenBackedUp: false },
      request: site(import.meta.url),
    },
    async function* (connection) {
      for await (const asked of connection) {
        if (!('ask' in asked)) continue
        const abort = new AbortController()
        const stop = () => abort.abort()
        // who stops it, and who leaves: the model is not to work for nobody
        const stops = connection.messages.subscribe({
          next: m => 'stop' in m && stop(),
          complete: stop,
        })
        try {
          yield { question: asked.ask }
          for await (const token of generate(asked.ask, abort.signal)) yield { token }
          yield { end: 'whole' }
        } catch (error) {
          if (!abort.signal.aborted) throw error
          yield { end: 'stopped' }
        } finally {
          stops.unsubscribe()
          stop()
        }
      }
    },
  )
}
