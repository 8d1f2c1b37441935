import { describe, expect, it } from 'vitest'
import { broadcasts } from './broadcast.js'
import { echoes } from './echo.js'
import type { Run } from './run.js'
import { small } from './size.js'
import { transfers } from './transfer.js'

// A fiftieth of `npm run soak`. Counts, contents and endings are held as exactly as there; they
// are checked as the load runs. The memory is not: at this size a run is over before the garbage
// collector has looked twice, and most of a process is Node and what compiles the sources. What
// this can tell is a queue that keeps everything several times over. The soak holds the real bounds.
const slack = 96 * 1024 * 1024

const most = (runs: readonly Run[]) => Math.max(...runs.map(({ peak }) => peak))

describe('a fiftieth of the soak', { timeout: 60_000 }, () => {
  it('broadcasts all to who reads, and ends who stalls as each policy says', async () => {
    const { calm, stalled } = await broadcasts(small, ['rivulet'])
    expect(most(stalled)).toBeLessThan(calm.peak + slack)
  })

  it('echoes all to who reads, and little to who never does', async () => {
    const { calm, stalled } = await echoes(small, ['rivulet'])
    expect(most(stalled)).toBeLessThan(calm.peak + slack)
  })

  it('transfers every byte to a slow reader, as messages and as one message', async () => {
    const { paced } = await transfers(small, ['rivulet'])
    for (const { peak, base } of paced) expect(peak - base).toBeLessThan(slack)
  })
})
