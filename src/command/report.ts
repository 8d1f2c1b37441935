/** Report: tells what happens to a connection, for people or for programs. */

import { asyncScheduler } from 'rxjs'
import type { Close } from '../close.js'
import type { State } from '../connection/machine.js'
import type { Message } from '../socket.js'
import { type BinaryForm, written } from './bytes.js'
import { endingOf, isGood } from './sentence.js'
import type { Terminal } from './terminal.js'

export interface Report {
  /** `protocol`: the subprotocol agreed upon, if one was. */
  state(state: State, protocol: string): void
  /** Settled when there is room for the next one. */
  message(message: Message): Promise<void>
  close(close: Close): void
  /** It connects again after so many ms. */
  waiting(milliseconds: number): void
}

const seconds = (milliseconds: number) => Math.max(0, Math.round(milliseconds / 100) / 10)

/** Messages on the standard output, everything else on the standard error. */
export function plainReport(terminal: Terminal, url: URL, form: BinaryForm = 'hex'): Report {
  return {
    state(state, protocol) {
      if (state === 'connecting') terminal.note(`connecting to ${shownUrl(url)}`)
      else if (state !== 'closed') terminal.note(protocol ? `${state}, ${protocol}` : state)
    },
    message: message =>
      terminal.print(typeof message === 'string' ? message : written(message, form), true),
    close: close => terminal.note(endingOf(close, url), isGood(close) ? 'dim' : 'bad'),
    waiting: milliseconds => terminal.note(`connecting again in ${seconds(milliseconds)} s`),
  }
}

/** A JSON object a line on the standard output, for everything. */
export function jsonReport(terminal: Terminal, url: URL): Report {
  const print = (type: string, content: object) => {
    const time = new Date(asyncScheduler.now()).toISOString()
    return terminal.print(JSON.stringify({ type, time, ...content }))
  }
  return {
    state: (state, protocol) => void print('state', { state, ...(protocol && { protocol }) }),
    message: message =>
      print(
        'message',
        typeof message === 'string' ? { text: message } : { binary: written(message, 'base64') },
      ),
    close({ cause, ...close }) {
      const said = cause && { cause: endingOf({ ...close, cause }, url) }
      void print('close', { ...close, ...said })
    },
    waiting: milliseconds =>
      void print('state', { state: 'waiting', seconds: seconds(milliseconds) }),
  }
}

// a password, or a token, is not for those who look on
function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search && '?…'}`
}
