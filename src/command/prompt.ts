/** Prompt: the line that is being typed, which stays below whatever is printed meanwhile. */

import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from 'node:readline'

const sign = '> '

export class Prompt {
  readonly #readline: Interface
  readonly #output: NodeJS.WritableStream
  readonly lines: AsyncIterable<string>
  #over = false

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#output = output
    this.#readline = createInterface({ input, output, prompt: sign })
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
    const { line, cursor } = this.#readline
    // readline knows where the cursor is, and not where the end of the line is
    if (cursor < line.length) this.#press('end')
    this.#erase()
    print()
    // as it was: readline remembers how it has drawn it
    this.#output.write(sign + line)
    this.#wrap()
    for (let each = cursor; each < line.length; each++) this.#press('left')
  }

  /** Takes the line away, and gives the terminal back. */
  close(): void {
    this.#readline.close()
  }

  #press(name: string): void {
    this.#readline.write(null, { name })
  }

  #erase(): void {
    this.#wrap()
    moveCursor(this.#output, 0, -this.#readline.getCursorPos().rows)
    cursorTo(this.#output, 0)
    clearScreenDown(this.#output)
  }

  // Behind the last column a terminal goes to the next row when the next character comes.
  #wrap(): void {
    const { rows, cols } = this.#readline.getCursorPos()
    if (rows > 0 && cols === 0) this.#output.write(' \r')
  }
}
