// The section of one version in a changelog: from its heading to the next heading of that level (keepachangelog.com, and plain '## 1.2.0').

/** The notes of a version, without its heading; '' where the changelog has none. Untrusted text. */
export const sectionOf = (changelog: string, version: string): string => {
  const lines = changelog.replaceAll('\r\n', '\n').split('\n')
  const fenced = fences(lines)
  const start = lines.findIndex((line, index) => !fenced[index] && headingVersion(line) === version)
  if (start === -1) return ''
  const level = levelOf(lines[start] ?? '')
  const length = lines
    .slice(start + 1)
    .findIndex((line, index) => !fenced[start + 1 + index] && levelOf(line) > 0 && levelOf(line) <= level)
  const body = lines.slice(start + 1, length === -1 ? undefined : start + 1 + length)
  return body
    .filter(line => !/^\[[^\]]+\]:\s/.test(line))
    .join('\n')
    .trim()
}

const levelOf = (line: string): number => /^(#{1,6})\s/.exec(line)?.[1]?.length ?? 0

/** `## [1.2.0] - 2026-11-21`, `## v1.2.0`, `# 1.2.0 (2026-11-21)`, `## flet 1.2.0`. */
const headingVersion = (line: string): string | undefined => {
  if (levelOf(line) === 0) return undefined
  return /(?:^|[\s[@(])v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)(?=[\s\]),:(]|$)/.exec(line.replace(/^#+/, ''))?.[1]
}

/** Lines inside of a code block: a # there is no heading. */
const fences = (lines: readonly string[]): readonly boolean[] => {
  let inside = false
  return lines.map(line => {
    const fence = /^\s*(```|~~~)/.test(line)
    if (fence) inside = !inside
    return inside || fence
  })
}
