// Path patterns of TUF delegations (TUF 1.0.34, 4.5): `*` and `?` within one part, parts between `/`.

/** Whether a target path matches a pattern; the number of parts must be equal. */
export function matchesPattern(path: string, pattern: string): boolean {
  const parts = path.split('/')
  const patterns = pattern.split('/')
  return parts.length === patterns.length && parts.every((part, index) => matchesPart([...part], [...(patterns[index] ?? '')]))
}

// The classic walk with one remembered star: linear memory, at most length times length steps, no backtracking blow-up.
function matchesPart(part: readonly string[], pattern: readonly string[]): boolean {
  let at = 0
  let wanted = 0
  let star = -1
  let starAt = 0
  while (at < part.length) {
    if (pattern[wanted] === '*') {
      star = wanted++
      starAt = at
    } else if (wanted < pattern.length && (pattern[wanted] === '?' || pattern[wanted] === part[at])) {
      wanted++
      at++
    } else if (star >= 0) {
      wanted = star + 1
      at = ++starAt
    } else {
      return false
    }
  }
  return pattern.slice(wanted).every(character => character === '*')
}
