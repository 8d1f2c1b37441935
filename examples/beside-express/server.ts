// An Express application with sessions, and a WebSocket beside it that knows who is signed in.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import express from 'express'
import { filter, interval, map, startWith, Subject } from 'rxjs'
import { text } from 'rivulet'
import { accept, refuse } from 'rivulet/server'
import { site } from '../site.js'
import { running } from './running.js'

const sessions = new Map<string, { name: string }>()
const signedOut = new Subject<{ name: string }>()

const idOf = ({ headers }: IncomingMessage) =>
  /(?:^|; )session=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? ''

export function besideExpress(port: number) {
  const app = express()
  app.use(express.urlencoded())
  app.get('/who', (request, response) => {
    response.json(sessions.get(idOf(request)) ?? null)
  })
  app.post('/sign-in', ({ body }: { body?: { name?: unknown } }, response) => {
    const name = typeof body?.name === 'string' ? body.name.trim().slice(0, 40) : ''
    if (!name) return void response.status(400).send('Who are you?')
    const id = randomUUID()
    sessions.set(id, { name })
    // `secure: true` where there is TLS
    response.cookie('session', id, { httpOnly: true, sameSite: 'lax' }).redirect(303, '/')
  })
  app.post('/sign-out', (request, response) => {
    const session = sessions.get(idOf(request))
    sessions.delete(idOf(request))
    if (session) signedOut.next(session)
    response.clearCookie('session').redirect(303, '/')
  })
  app.use(site(import.meta.url))

  const http = createServer(app)
  const connections = accept(
    http,
    {
      path: '/ws',
      codec: text,
      authenticate: request =>
        sessions.get(idOf(request)) ?? refuse(401, { closeCode: 4401, message: 'sign in first' }),
    },
    ({ handshake: { principal }, close }) => {
      const out = signedOut.pipe(filter(session => session === principal))
      out.subscribe(() => close(4401, 'signed out'))
      return interval(1_000).pipe(
        map(second => `${principal.name}, you have been here for ${second + 1} s`),
        startWith(`Hello, ${principal.name}`),
      )
    },
  )
  return running(http.listen(port), connections)
}
