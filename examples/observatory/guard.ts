// Who may look: programs and pages on this very machine, and nobody who is only passed on by it.
import type { IncomingMessage } from 'node:http'

const loopback = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/
// a page elsewhere can have a name of its own lead here; it can't have the browser say another one
const names = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i
// a proxy on this machine asks from here, whoever asks it
const passedOn = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

export function mayLook({ socket, headers }: IncomingMessage): boolean {
  return (
    loopback.test(socket.remoteAddress ?? '') &&
    names.test(headers.host ?? '') &&
    !passedOn.some(name => name in headers)
  )
}
