/** The attackers, in a process of their own: it is told whom to attack, and tells what came of it. */

import { type Attack, attacks, type Target } from './hostile-attacks.js'

process.on('message', ({ attack, target }: { attack: Attack; target: Target }) => {
  void attacks[attack](target).then(outcome => process.send?.({ outcome }))
})
// whoever started it is gone
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
