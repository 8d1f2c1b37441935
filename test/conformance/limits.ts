/** What the suites of frames need: larger messages, of more frames, than the defaults take. */
export const limits = { payload: 32 * 2 ** 20, fragments: 100_000 }
