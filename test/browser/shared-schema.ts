/** All that the page and the server of this test share. */

import { z } from 'zod'

export const Guess = z.object({ type: z.literal('guess'), number: z.number().int() })

export const Answer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('low') }),
  z.object({ type: z.literal('high') }),
  z.object({ type: z.literal('found'), tries: z.number() }),
])
