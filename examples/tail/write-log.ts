/** Write log: something to follow for who names no file. */

import { appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Adds a line to a file of its own every second, for as long as the process lives: its path. */
export function writeLog(): string {
  const path = join(tmpdir(), `rivulet-tail-${process.pid}.log`)
  let lines = 0
  const write = () => {
    appendFileSync(
      path,
      `${new Date().toISOString()} line ${++lines}: add more with echo hi >> ${path}\n`,
    )
  }
  write()
  setInterval(write, 1_000).unref()
  return path
}
