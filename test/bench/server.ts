/** Starts an echo server in a process of its own, on one core where the system can do that. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('./echo-server.js', import.meta.url))

/** Whether the servers have the first core, and the load another. */
export const pinned =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

export interface EchoServer {
  readonly port: number
  /** The processor time used so far, in µs. */
  used(): Promise<number>
  stop(): void
}

/** What the server's process says: where it listens, or what time it has used. */
interface Answer {
  port?: number
  used?: number
}

export async function startServer(kind: 'rivulet' | 'ws', flags: string[]): Promise<EchoServer> {
  const command = [process.execPath, ...flags, file, kind]
  if (pinned) command.unshift('taskset', '-c', '0')
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const gone = once(child, 'exit').then(() => {
    throw new Error(`The ${kind} server ended by itself`)
  })
  // at the end of the benchmark that is as it should be, and nobody waits for it
  gone.catch(() => undefined)
  const answer = async () => {
    const [message] = (await Promise.race([once(child, 'message'), gone])) as [Answer]
    return message
  }

  const { port = 0 } = await answer()
  return {
    port,
    async used() {
      child.send('used')
      return (await answer()).used ?? NaN
    },
    stop: () => child.disconnect(),
  }
}

/** Moves this process off the core of the servers. */
export function pinSelf(): void {
  if (pinned) spawnSync('taskset', ['-acp', '1', String(process.pid)])
}
