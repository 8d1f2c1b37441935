import { metrics } from 'rivulet'
import type { Server } from 'rivulet/server'

// #region Prometheus
export function exposition(server: Pick<Server, 'connections'>): string {
  const now = metrics(server)
  const lines: string[] = []
  const metric = (name: string, type: string, help: string, values: Record<string, number>) => {
    lines.push(`# HELP rivulet_${name} ${help}`, `# TYPE rivulet_${name} ${type}`)
    for (const [rest, value] of Object.entries(values))
      lines.push(`rivulet_${name}${rest} ${value}`)
  }
  const by = (label: string, values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([is, n]) => [`{${label}="${is}"}`, n]))
  const seconds = ({ count, sum, buckets }: typeof now.handshake) => ({
    ...Object.fromEntries(buckets.map(({ le, count }) => [`_bucket{le="${le / 1_000}"}`, count])),
    '_bucket{le="+Inf"}': count,
    _sum: sum / 1_000,
    _count: count,
  })
  const total = (name: string, help: string, value: number) =>
    metric(`${name}_total`, 'counter', help, { '': value })

  metric('connections', 'gauge', 'Connections, by state.', by('state', { ...now.connections }))
  total('connections_opened', 'Connections that there were, and are.', now.opened)
  metric('connections_closed_total', 'counter', 'Ends, by code.', by('code', now.closed))
  const refused = by('status', now.refusedHandshakes)
  metric('handshakes_refused_total', 'counter', 'Refused handshakes, by HTTP status.', refused)
  total('messages_received', 'Messages that came in.', now.messagesIn)
  total('messages_sent', 'Messages that sockets took.', now.messagesOut)
  total('received_bytes', 'Bytes of TCP that came in.', now.bytesIn)
  total('sent_bytes', 'Bytes of TCP that went out.', now.bytesOut)
  total('messages_dropped', 'Messages that waited, and were dropped.', now.dropped)
  total('messages_rejected', 'Messages that did not decode.', now.rejected)
  total('messages_refused', 'Messages that could not be sent.', now.refused)
  metric('outbox_messages', 'gauge', 'Messages that wait.', { '': now.queued })
  metric('outbox_bytes', 'gauge', 'Bytes that wait.', { '': now.queuedBytes })
  metric('handshake_seconds', 'histogram', 'Handshakes that led in.', seconds(now.handshake))
  metric('ping_seconds', 'histogram', 'Pings that were answered.', seconds(now.roundTrip))
  return `${lines.join('\n')}\n`
}
// #endregion
