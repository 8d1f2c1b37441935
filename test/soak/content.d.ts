/** The n-th text of so many bytes. */
export function textOf(seed: number, size: number): (n: number) => string
/** The n-th chunk of so many bytes, each time a new one, as if read from a file. */
export function chunkOf(seed: number, size: number): (n: number) => Buffer
