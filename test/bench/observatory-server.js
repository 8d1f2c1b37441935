// An example server with an observatory, in a process of its own: what comes in goes out again.
import { createInterface } from 'node:readline'
import { serve } from 'rivulet/server'
import { answersObservatory, observe } from '../../examples/observatory/server.ts'

const server = serve(
  {
    port: 0,
    host: '127.0.0.1',
    request: (request, response) => {
      if (!answersObservatory(request, response)) response.writeHead(404).end()
    },
  },
  ({ messages }) => messages,
)
observe(server)
server.listening.subscribe(({ port }) => console.log(port))
createInterface(process.stdin)
  .on('line', () => console.log(0))
  .on('close', () => process.exit())
