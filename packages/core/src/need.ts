// Programs that an app needs: version ranges, where a shipped one lies, and what it is pinned to (CONFIG 3, "Found").
import type { Bundle, Need } from './app.ts'
import { matchesTarget, parseTarget } from './target.ts'
import type { Target } from './target.ts'

export type Comparator = '>=' | '>' | '<=' | '<' | '='
export interface Bound {
  readonly comparator: Comparator
  /** Dotted numbers, as `2.40`. */
  readonly version: string
}

/** `>=2.40 <3` as bounds that must all hold; empty for any version; null for what is no range. */
export const parseRange = (range: string): readonly Bound[] | null => {
  const words = range.trim().split(/\s+/)
  if (range.trim() === '') return []
  const bounds = words.map(word => {
    const [, comparator, version] = /^(>=|>|<=|<|=)(\d{1,9}(?:\.\d{1,9}){0,5})$/.exec(word) ?? []
    return comparator === undefined || version === undefined ? null : { comparator: comparator as Comparator, version }
  })
  return bounds.every(bound => bound !== null) ? bounds : null
}

/** Words of a version that is one exact version, as `0.15.0` or `1.2.3-rc.1`. */
export const isExactVersion = (version: string): boolean => /^\d+(\.\d+)*([-+.][0-9A-Za-z.+-]+)?$/.test(version)

export interface Pin {
  readonly from: string | undefined
  /** Undefined where there is none, or none that is 64 hex digits. */
  readonly sha256: string | undefined
}

/** What a target ships: the exact key first, then `<os>-*`, or the one text for all. */
export const pinFor = ({ from, sha256 }: Bundle, target: Target): Pin => {
  const digest = valueFor(sha256, target)
  return { from: valueFor(from, target), sha256: digest !== undefined && /^[0-9a-f]{64}$/.test(digest) ? digest : undefined }
}

const valueFor = (said: string | Readonly<Record<string, string>>, target: Target): string | undefined => {
  if (typeof said === 'string') return said
  return Object.hasOwn(said, target) ? said[target] : Object.entries(said).find(([pattern]) => matchesTarget(pattern, target))?.[1]
}

/** Where a shipped program lies in the app folder: beside the app's own program, in every format. */
export const shippedPath = ({ program }: Need, { executable, target }: { readonly executable: string; readonly target: Target }): string =>
  `${executable.slice(0, executable.lastIndexOf('/') + 1)}${program}${parseTarget(target)?.os === 'windows' ? '.exe' : ''}`

/** Whether a file of this path would be taken for the program: its name alone, or with an ending that Windows starts. */
export const isNamedLike = (path: string, program: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name === program || (name.startsWith(program) && /^\.(exe|cmd|bat|com|ps1)$/i.test(name.slice(program.length)))
}
