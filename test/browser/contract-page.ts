/** Holds the sockets of a page: does what it is told, and tells what they tell. */

import { asyncScheduler, of } from 'rxjs'
import { dial } from '#dial'
import { DialedSocket } from '../../src/client/dialed-socket.js'
import type { Socket, SocketEvents } from '../../src/socket.js'
import type { Call, RemoteControl, Told } from './remote-control.js'

// exposed by the test
declare function tell(told: Told): Promise<void>

const sockets = new Map<number, Socket>()
const kept: Uint8Array[] = []

function held(at: number): Socket {
  const socket = sockets.get(at)
  if (!socket) throw new Error(`There is no socket ${at}`)
  return socket
}

function told(at: number, more: Pick<Told, 'event' | 'value'> = {}): void {
  const { bufferedAmount, bytesRead, messagesRead, refused } = held(at)
  void tell({ at, counts: { bufferedAmount, bytesRead, messagesRead, refused }, ...more })
}

/** What of an event's argument can leave the page. */
function plain(value: SocketEvents[keyof SocketEvents]): unknown {
  if (!(value instanceof Error)) return value
  const { name, message, code } = value as Error & { code?: string }
  return { name, message, code }
}

// what a handshake has besides, when nobody asks for anything
const nothing = {
  protocols: [],
  headers: undefined,
  agent: undefined,
  tls: undefined,
  fragments: 16_384,
  compression: false,
}

const control: RemoteControl = {
  dial(at, url, payload) {
    // as `connect` does it
    const socket = new DialedSocket(asyncScheduler)
    sockets.set(at, socket)
    const request = { ...nothing, url, payload, closeTimeout: 300, scheduler: asyncScheduler }
    socket.dial(of(url), () => dial(request, () => undefined))
  },
  listen: (at, event) =>
    void held(at).addListener(event, value => told(at, { event, value: plain(value) })),
  send(at, message) {
    held(at).send(typeof message === 'string' ? message : kept[message]!)
  },
  close: (at, code, reason) => held(at).close(code, reason),
  terminate: at => held(at).terminate(),
  count: at => told(at),
}

function carryOut(calls: readonly Call[]): void {
  for (const [name, ...args] of calls) {
    // which arguments go with which name is what a Call says
    const call = control[name] as (...args: unknown[]) => void
    call(...args)
  }
}

function keep(base64: string): void {
  kept.push(Uint8Array.from(atob(base64), character => character.charCodeAt(0)))
}

function methodsOf(at: number, names: readonly (keyof Socket)[]): readonly string[] {
  return names.filter(name => typeof held(at)[name] === 'function')
}

Object.assign(globalThis, { carryOut, keep, methodsOf })
