/** Network: whose an address is, as far as limits can tell. */

import { isIPv6 } from 'node:net'

/**
 * An address of IPv4 is one customer's; of IPv6 the first 64 bits are, as everybody gets so many.
 * What is neither is all one.
 */
export function networkOf(address: string | undefined): string {
  const text = (address ?? '')
    // a proxy may say the port as well
    .replace(/^\[(.*)\](:\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1$3')
    .replace(/%.*$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!isIPv6(text)) return text
  const [head = '', tail] = text.split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  // an IPv4 address at the end takes two groups
  const width = behind.length + (behind.at(-1)?.includes('.') ? 1 : 0)
  const all =
    tail === undefined
      ? groups
      : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - width)).fill('0'), ...behind]
  return all
    .slice(0, 4)
    .map(group => parseInt(group, 16).toString(16))
    .join(':')
}
