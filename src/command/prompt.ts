/** Prompt: the line that is being typed, which stays below whatever is printed meanwhile. */

import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from 'node:readline'

export class Prompt {
  readonly #readline: Interface
  readonly #output: NodeJS.WritableStream
  readonly lines: AsyncIterable<string>
  #over = false

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#output = output
    this.#readline = createInterface({ input, output, prompt: '> ' })
    // from now on: lines of an iterator that is made later are lost
    const iterator = this.#readline[Symbol.asyncIterator]()
    this.lines = { [Symbol.asyncIterator]: () => iterator }
    this.#readline.on('line', () => this.#readline.prompt())
    // the terminal is in raw mode, where Ctrl+C is a character
    this.#readline.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'))
    this.#readline.on('close', () => {
      if (!this.#over) this.#erase()
      this.#over = true
    })
    this.#readline.prompt()
  }

  /** Prints above the line that is being typed. */
  above(print: () => void): void {
    if (this.#over) {
      print()
      return
    }
    const rows = this.#erase()
    print()
    // readline goes up by as many rows as the line had when it draws it anew
    this.#output.write('\n'.repeat(rows))
    this.#readline.prompt(true)
  }

  /** Takes the line away, and gives the terminal back. */
  close(): void {
    this.#readline.close()
  }

  // In how many rows the cursor was below the first one of the line.
  #erase(): number {
    const { rows } = this.#readline.getCursorPos()
    moveCursor(this.#output, 0, -rows)
    cursorTo(this.#output, 0)
    clearScreenDown(this.#output)
    return rows
  }
}
