/** What was tried: a line for each as it ends, and whether all that is promised holds. */

/** What a machine lacks for a cell; it is then left out, and said to be. */
export class LeftOut extends Error {}

const counts = { passed: 0, failed: 0, leftOut: 0, notPromised: 0 }

const seconds = (from: number) => `${((performance.now() - from) / 1_000).toFixed(1)} s`
const firstLines = (error: unknown) =>
  String(error instanceof Error ? error.message : error)
    .trim()
    .split('\n')
    .slice(0, 12)
    .map(line => `       ${line.slice(0, 200)}`)
    .join('\n')

/**
 * Tries something that is promised. What it returns is said behind its name.
 *
 * @returns Whether it holds; what builds on it is not tried otherwise.
 */
export async function cell(name: string, attempt: () => unknown): Promise<boolean> {
  const from = performance.now()
  try {
    const note = await attempt()
    counts.passed++
    console.log(
      `passed ${name}${typeof note === 'string' && note !== '' ? `: ${note}` : ''} (${seconds(from)})`,
    )
    return true
  } catch (error) {
    if (error instanceof LeftOut) {
      counts.leftOut++
      console.log(`left out ${name}: ${error.message}`)
      return false
    }
    counts.failed++
    console.log(`failed ${name} (${seconds(from)})\n${firstLines(error)}`)
    return false
  }
}

/** Tries something that is not promised: said, and counted apart. */
export async function unpromised(name: string, attempt: () => unknown): Promise<void> {
  counts.notPromised++
  try {
    const note = await attempt()
    console.log(
      `works, not promised: ${name}${typeof note === 'string' && note !== '' ? `: ${note}` : ''}`,
    )
  } catch (error) {
    console.log(`does not work, not promised: ${name}\n${firstLines(error)}`)
  }
}

/** Says how many there were; whether nothing failed, and something was tried. */
export function conclude(): boolean {
  const { passed, failed, leftOut, notPromised } = counts
  console.log(`\n${leftOut} left out, ${notPromised} not promised`)
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed + notPromised > 0
}
