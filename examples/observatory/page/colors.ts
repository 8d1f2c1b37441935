/** Colors: those of the style sheet, as a canvas takes them. */

export function colorsOf<Name extends string>(names: readonly Name[]): Record<Name, string> {
  const probe = document.createElement('i')
  document.body.append(probe)
  const colors = names.map(name => {
    probe.style.color = `var(--${name})`
    return [name, getComputedStyle(probe).color]
  })
  probe.remove()
  return Object.fromEntries(colors) as Record<Name, string>
}
