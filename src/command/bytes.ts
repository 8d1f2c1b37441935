/** Bytes: how binary messages are written in lines of text. */

/** Two digits a byte, or RFC 4648. */
export type BinaryForm = 'hex' | 'base64'

const forms = {
  hex: /^([\da-f]{2})*$/i,
  base64: /^([\w+/-]{4})*([\w+/-]{2}(==)?|[\w+/-]{3}=?)?$/,
}

/** The bytes that a line says; spaces between them don't matter. `undefined` if it says none. */
export function bytesOf(line: string, form: BinaryForm): Uint8Array | undefined {
  const text = line.replace(/\s+/g, '')
  return forms[form].test(text) ? Buffer.from(text, form) : undefined
}

/** The bytes as a line says them. */
export function written(bytes: Uint8Array, form: BinaryForm): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(form)
}
