import { firstValueFrom, lastValueFrom } from 'rxjs'
import { onTestFinished } from 'vitest'
import type { Connection, Handler, Message } from 'rivulet'
import { serve, type ServeOptions, type Server } from 'rivulet/server'

/** A server that listens, until its test has finished. */
export interface Serving<In, Out> {
  readonly server: Server<In, Out>
  readonly port: number
  readonly url: string
}

export async function serving<In = Message, Out = In>(
  options: Partial<ServeOptions<In, Out>> = {},
  handler?: NoInfer<Handler<In, Out>>,
): Promise<Serving<In, Out>> {
  const server = serve<In, Out>({ port: 0, host: '127.0.0.1', ...options }, handler)
  onTestFinished(() => stopped(server))
  const { port } = await firstValueFrom(server.listening)
  return { server, port, url: `ws://127.0.0.1:${port}${options.path ?? ''}` }
}

/** Closes the server and waits until it has. */
export async function stopped(server: Pick<Server, 'close'>): Promise<void> {
  await lastValueFrom(server.close())
}

/** The next connection that the server takes. */
export function nextOf<In, Out>(server: Server<In, Out>): Promise<Connection<In, Out>> {
  return firstValueFrom(server.connections)
}
