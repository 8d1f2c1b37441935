/** Signals: the first one asks to end, the second one ends. */

import { constants } from 'node:os'
import { CloseCode } from '../close.js'

// a terminal that is closed, or a process manager, sends everybody away
const codes = {
  SIGINT: CloseCode.normal,
  SIGTERM: CloseCode.goingAway,
  SIGHUP: CloseCode.goingAway,
} as const

const names = Object.keys(codes) as (keyof typeof codes)[]

/** Calls back at the first signal, with the close code that it stands for; what it returns ends that. */
export function interrupted(ask: (code: number) => void): () => void {
  let asked = false
  const onSignal = (name: NodeJS.Signals) => {
    if (asked) process.exit(128 + constants.signals[name])
    asked = true
    ask(codes[name as keyof typeof codes])
  }
  for (const name of names) process.on(name, onSignal)
  return () => {
    for (const name of names) process.off(name, onSignal)
  }
}
