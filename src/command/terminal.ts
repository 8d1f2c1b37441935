/** Terminal: where it is printed, and how it looks there. */

import { Prompt } from './prompt.js'

const styles = { dim: 2, bad: 31, mark: 36 } as const

export class Terminal {
  /** Whether somebody types, and reads the answers. */
  readonly interactive = process.stdin.isTTY && process.stdout.isTTY
  #prompt: Prompt | undefined

  /** `gone`: nobody reads what is printed any more. */
  constructor(gone: () => void) {
    process.stdout.on('error', gone)
    // who does not want to know is not told
    process.stderr.on('error', () => undefined)
  }

  /** Prints a message: settled when there is room for the next one. */
  print(text: string, marked = false): Promise<void> {
    return new Promise(resolve => {
      const mark = marked && this.#prompt ? styled('< ', 'mark', process.stdout) : ''
      const shown = process.stdout.isTTY ? visible(text) : text
      this.#above(() => process.stdout.write(`${mark}${shown}\n`, () => resolve()))
    })
  }

  /** Says something that is no message. */
  note(text: string, style: keyof typeof styles = 'dim'): void {
    const said = `${styled(visible(text), style, process.stderr)}\n`
    this.#above(() => void process.stderr.write(said))
  }

  /** Shows the prompt: what is typed there. */
  prompt(): AsyncIterable<string> {
    this.#prompt = new Prompt(process.stdin, process.stdout)
    return this.#prompt.lines
  }

  /** Nothing that is typed would be sent any more. */
  endPrompt(): void {
    this.#prompt?.close()
  }

  #above(print: () => void): void {
    if (this.#prompt) this.#prompt.above(print)
    else print()
  }
}

function styled(text: string, style: keyof typeof styles, stream: NodeJS.WriteStream): string {
  const { NO_COLOR, TERM } = process.env
  const plain = !stream.isTTY || (NO_COLOR !== undefined && NO_COLOR !== '') || TERM === 'dumb'
  return plain ? text : `\x1b[${styles[style]}m${text}\x1b[0m`
}

// What a peer says must not move the cursor, rename the window, or fill the clipboard; JSON stays JSON.
function visible(text: string): string {
  return text.replace(
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
