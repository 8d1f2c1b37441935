/** The anchors of a page's headings, as GitHub makes them. */

/** Of all headings, in order. */
export function anchorsOf(page: string): string[] {
  const anchorFor = anchors()
  const prose = page.replace(/^(`{3,}|~{3,})[^]*?^\1$/gm, '')
  return Array.from(prose.matchAll(/^#+ (.*)$/gm), ([, heading = '']) => anchorFor(heading))
}

/** Makes anchors for the headings of one page: one that is there already gets a number. */
export function anchors(): (heading: string) => string {
  const seen = new Map<string, number>()
  return heading => {
    const plain = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(plain) ?? 0
    seen.set(plain, times + 1)
    return times === 0 ? plain : `${plain}-${times}`
  }
}
