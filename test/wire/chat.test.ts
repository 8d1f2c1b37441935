import { firstValueFrom } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chat } from '../../examples/chat/server.js'
import { ExampleProcess } from './example-process.js'
import { checkLeaks } from './leak-check.js'
import { stopped } from './serving.js'
import { openClient } from './ws-client.js'

checkLeaks()

async function started() {
  const server = chat(0)
  onTestFinished(() => stopped(server))
  const { port } = await firstValueFrom(server.listening)
  const join = async (room: string, name = 'Ada') => {
    const client = await openClient(`ws://127.0.0.1:${port}/ws?room=${room}&name=${name}`)
    const next = async () => JSON.parse(String(await client.next())) as Record<string, unknown>
    return { ...client, next, say: (value: unknown) => client.ws.send(JSON.stringify(value)) }
  }
  return { port, join }
}

const here = (...names: string[]) => ({ here: names.map(name => ({ name, slow: false })) })

describe('the chat', () => {
  test('tells a room what is said in it, and how many are there', async () => {
    const { join } = await started()
    const ada = await join('lobby')
    expect([await ada.next(), await ada.next()]).toEqual([here('Ada'), { reach: 'shared' }])
    const other = await join('attic')
    const bob = await join('lobby', 'Bob')
    expect(await ada.next()).toEqual(here('Ada', 'Bob'))
    // who said it is what the server knows
    bob.say({ by: 'Ada', text: 'hello' })
    expect(await ada.next()).toEqual({ by: 'Bob', text: 'hello' })
    other.say({ text: 'nobody hears' })
    expect(await other.next()).toEqual(here('Ada'))
    bob.ws.close()
    expect(await ada.next()).toEqual(here('Ada'))
  })

  test('closes who says what does not fit, and nobody else', async () => {
    const { join } = await started()
    const [ada, bob] = [await join('lobby'), await join('lobby')]
    bob.say({ by: 'Bob' })
    expect(await bob.closed).toMatchObject({ code: 1008 })
    expect(ada.ws.readyState).toBe(ada.ws.OPEN)
  })

  test('has a page', async () => {
    const { port } = await started()
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    expect(await answer.text()).toContain('<title>Chat on Rivulet</title>')
  })

  test('is started by its name', async () => {
    const example = new ExampleProcess(['chat', '--port', '0'])
    await example.listening()
    example.kill('SIGTERM')
    expect(await example.exit).toEqual([0, null])
  })
})
