/** The README's hello server, as a process, and a real client that waits for what it says. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { environment, type Folder } from './folder.js'
import { javascript, shown } from './examples.js'

export interface Hello {
  readonly url: string
  stop(): Promise<void>
}

/** A port that nobody has; the example has one of its own, and others may have that. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Starts it with the package of this folder. */
export async function startHello(folder: Folder, node: string, ...flags: string[]): Promise<Hello> {
  const port = await freePort()
  const example = javascript(shown('Hello'))
  const code = example.replace('port: 8081', `port: ${port}`)
  if (code === example) throw new Error('the hello example has no port 8081')
  folder.write('hello.mjs', `${code}\nconsole.log('started')\n`)
  const child = spawn(node, [...flags, 'hello.mjs'], {
    cwd: folder.path,
    env: environment(node),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.on('data', chunk => (complaint += String(chunk)))
  const exited = once(child, 'exit').then(() => {
    throw new Error(`the hello server ended\n${complaint}`)
  })
  exited.catch(() => undefined)
  await Promise.race([once(createInterface(child.stdout), 'line'), exited])
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    stop: async () => {
      child.kill('SIGKILL')
      await exited.catch(() => undefined)
      if (complaint !== '') throw new Error(complaint)
    },
  }
}

/** The first message that a client of another library gets; it takes 5 s. */
export async function firstMessage(url: string): Promise<string> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const client = new WebSocket(url)
    try {
      const signal = AbortSignal.timeout(15_000)
      await once(client, 'open', { signal })
      const [data] = (await once(client, 'message', { signal })) as [Buffer]
      return data.toString()
    } catch (error) {
      // it said that it started in the turn in which it began to listen
      if (!String(error).includes('ECONNREFUSED') || performance.now() > deadline) throw error
    } finally {
      client.terminate()
    }
  }
}
