/** Lines: cuts what is piped in into lines of text. */

/** The most characters of a line, and bytes of a message that is taken. */
export const most = 64 * 1024 * 1024

/**
 * The lines of a text in UTF-8, without their ends, LF or CRLF. The last one need not have an end.
 * `node:readline` would also cut at characters that JSON may have within a line (U+2028).
 *
 * @throws {Error} for what is not UTF-8, and for a line that is too long.
 */
export async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let begun: string[] = []
  let length = 0
  for await (const chunk of input) {
    const [first = '', ...rest] = decoded(() =>
      typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }),
    ).split('\n')
    begun.push(first)
    length += first.length
    if (length > most) throw new Error('A line of the input has more than 64 Mi characters')
    for (const next of rest) {
      yield begun.join('').replace(/\r$/, '')
      begun = [next]
      length = next.length
    }
  }
  const last = begun.join('') + decoded(() => decoder.decode())
  if (last !== '') yield last
}

function decoded(decode: () => string): string {
  try {
    return decode()
  } catch (cause) {
    const advice = 'bytes can be sent as lines of hex or base64, with --binary'
    throw new Error(`The input is not text in UTF-8; ${advice}`, { cause })
  }
}
