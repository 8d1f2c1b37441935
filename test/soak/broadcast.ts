/** A broadcast to many, of which some stop reading. */

import { type Ended, type Library, type Plan } from './child.js'
import { frame, Listener, normal, open } from './client.js'
import { textOf } from './content.js'
import { check, type Run, run } from './run.js'
import { cap, messageSize, type Size } from './size.js'

type Policy = NonNullable<NonNullable<Plan['options']>['overflow']>

/** Nobody stalls; then some do, under each policy; then both with raw `ws`. */
export async function broadcasts(
  size: Size,
  libraries: readonly Library[] = ['rivulet', 'ws'],
): Promise<{
  readonly calm: Run
  readonly stalled: readonly Run[]
  readonly ws: readonly Run[]
}> {
  return {
    calm: await broadcast('rivulet, all read', size, 'rivulet', 0),
    stalled: [
      await broadcast('rivulet, close', size, 'rivulet', size.stalled, 'close'),
      await broadcast('rivulet, dropOldest', size, 'rivulet', size.stalled, 'dropOldest'),
      await broadcast('rivulet, latest(key)', size, 'rivulet', size.stalled, 'latest'),
    ],
    ws: !libraries.includes('ws')
      ? []
      : [
          await broadcast('raw ws, all read', size, 'ws', 0),
          await broadcast('raw ws', size, 'ws', size.stalled),
        ],
  }
}

function broadcast(
  name: string,
  size: Size,
  library: Library,
  stalled: number,
  overflow: Policy = 'close',
): Promise<Run> {
  const { source, seed, clients, messages, burst, stall } = size
  // what only drops has no reason to end before its writer does
  const timeouts = { stall: overflow === 'dropOldest' ? (false as const) : stall, close: 1_000 }
  const options = { overflow, timeouts }
  const plan: Plan = {
    kind: 'broadcast',
    library,
    source,
    seed,
    size: messageSize,
    burst,
    cap,
    options,
  }
  return run(name, plan, async server => {
    const sockets = await Promise.all(Array.from({ length: clients }, () => open(server.port)))
    // those that stall are spread among the others, and have not read a byte since the handshake
    const stalls = (at: number) => stalled > 0 && at % (clients / stalled) === 0
    const listeners = sockets.flatMap((tcp, at) =>
      stalls(at) ? [] : [new Listener(tcp, `client ${at}`)],
    )
    const text = textOf(seed, messageSize)
    // the next messages go when all who read have the last: a slow machine is no slow reader
    for (let from = 0; from < messages; from += burst) {
      const to = Math.min(from + burst, messages)
      const frames = Array.from({ length: to - from }, (_, at) => frame(1, text(from + at)))
      const got = listeners.map(listener => listener.expect(Buffer.concat(frames)))
      server.order('burst', from, to)
      await Promise.all(got)
    }
    if (library === 'rivulet' && stalled > 0 && overflow !== 'dropOldest') {
      const patience = stall + 10_000
      await server.until(() => server.ended.length === stalled, patience, 'rid of who stalled')
    }
    const closed = listeners.map(listener => listener.expect(frame(8, normal)))
    server.order('finish')
    await Promise.all(closed)
    for (const listener of listeners) listener.close()
    if (library === 'rivulet') {
      await server.until(() => server.ended.length === clients, 10_000, 'rid of all')
      checkEnds(server.ended, { messages, stalled, healthy: listeners.length, overflow })
    }
    for (const tcp of sockets) tcp.destroy()
    return `${listeners.length} × ${messages} messages came`
  })
}

/** Who read got all and 1000; who stalled ended as the policy says. */
function checkEnds(
  ended: readonly Ended[],
  {
    messages,
    stalled,
    healthy,
    overflow,
  }: { messages: number; stalled: number; healthy: number; overflow: Policy },
): void {
  const well = ended.filter(({ code, sent, flow }) => {
    return code === 1000 && sent === 1000 && flow.sent === messages && flow.dropped === 0
  })
  check(well.length === healthy, `${well.length} of ${healthy} ended with 1000, and all sent`)
  const others = ended.filter(each => !well.includes(each))
  check(others.length === stalled, `${others.length} ended otherwise; ${stalled} stalled`)
  const seen = others.map(each => `${each.code} ${each.sent ?? '-'} ${each.cause ?? '-'}`)
  const wanted = {
    close: '1006 1013 ERR_OVERFLOW',
    // its writer completed, and what waited could not be flushed
    dropOldest: '1006 - ERR_TIMEOUT',
    latest: '1006 1013 ERR_TIMEOUT',
  }[overflow]
  check(
    seen.every(each => each === wanted),
    `who stalled ended with ${[...new Set(seen)].join(', ')}, not with ${wanted}`,
  )
  for (const { flow } of others) {
    check(flow.dropped > 0, 'nothing was dropped of what waited for who stalled')
    check(flow.queued === 0, `${flow.queued} messages wait for who is gone`)
    if (overflow !== 'dropOldest') continue
    const known = flow.sent + flow.dropped + flow.refused
    check(known === messages, `${known} of ${messages} messages are accounted for`)
  }
}
