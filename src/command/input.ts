/** Input: the messages to send, each taken by whichever connection is open. */

import type { Message } from '../socket.js'
import { type BinaryForm, bytesOf } from './bytes.js'

const over = { done: true, value: undefined } as const

export class Input {
  readonly #source: AsyncIterator<Message, undefined>
  // one is read ahead: what a connection did not take before it ended is for the next one
  #ahead: Promise<IteratorResult<Message, undefined>> | undefined
  /** Whether a message was read that nobody has taken. */
  waits = false

  constructor(source: AsyncIterator<Message, undefined>) {
    this.#source = source
  }

  /** What one connection takes, as long as it asks for more; behind the last message it waits. */
  taking(last: () => Promise<unknown>): AsyncIterable<Message> {
    let left = false
    const next = async () => {
      const result = await (this.#ahead ?? this.#read())
      if (left) return over
      if (result.done) await last()
      else void this.#read()
      return result
    }
    const leave = () => {
      left = true
      return Promise.resolve(over)
    }
    return { [Symbol.asyncIterator]: () => ({ next, return: leave }) }
  }

  #read(): Promise<IteratorResult<Message, undefined>> {
    this.waits = false
    const ahead = this.#source.next()
    // a failure is for whoever takes it
    ahead.then(
      ({ done }) => (this.waits = !done),
      () => undefined,
    )
    return (this.#ahead = ahead)
  }
}

/** The messages that lines say. A line that says none is told to `refused`, or is an error. */
export async function* messagesOf(
  lines: AsyncIterable<string>,
  form: BinaryForm | undefined,
  refused?: (sentence: string) => void,
): AsyncGenerator<Message, undefined> {
  let number = 0
  for await (const line of lines) {
    number++
    const message = form === undefined ? line : bytesOf(line, form)
    if (message !== undefined) yield message
    else if (refused) refused(`That is not ${form}, and was not sent.`)
    else throw new Error(`Line ${number} of the input is not ${form}`)
  }
}
