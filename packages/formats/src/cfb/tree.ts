// Compound files: the directory as a red-black tree in the order of names (MS-CFB 2.6.4).
import { FormatError } from '../format-error.ts'
import { noEntry } from './sectors.ts'

export interface Placed {
  readonly name: string
  readonly isRed: boolean
  readonly left: number
  readonly right: number
}

/** Entries in order, numbered from 1 (0 is the root storage); all levels but the last are full and black. Throws `cfb/bad-name`, `cfb/same-name`. */
export const treeOf = (names: readonly string[]): { readonly root: number; readonly entries: readonly Placed[] } => {
  for (const name of names)
    if (name.length < 1 || name.length > 31 || /[/\\:!\0]/.test(name))
      throw new FormatError('cfb/bad-name', `${JSON.stringify(name)} is no name of a stream: 1 to 31 characters without / \\ : !`)
  const sorted = [...names].sort(compareNames)
  const twice = sorted.find((name, at) => at > 0 && compareNames(sorted[at - 1] ?? '', name) === 0)
  if (twice !== undefined) throw new FormatError('cfb/same-name', `two streams have the name ${JSON.stringify(twice)}`)
  const deepest = Math.floor(Math.log2(Math.max(1, sorted.length)))
  const entries: Placed[] = []
  const place = (from: number, to: number, depth: number): number => {
    if (from >= to) return noEntry
    const middle = (from + to) >> 1
    const [left, right] = [place(from, middle, depth + 1), place(middle + 1, to, depth + 1)]
    entries[middle] = { name: sorted[middle] ?? '', isRed: depth === deepest && depth > 0, left, right }
    return middle + 1
  }
  return { root: place(0, sorted.length, 0), entries }
}

/** Shorter names first, then by capital letters. */
export const compareNames = (a: string, b: string): number => {
  if (a.length !== b.length) return a.length - b.length
  const [left, right] = [capitals(a), capitals(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

// Unit by unit: no letter becomes two, as ß would.
const capitals = (name: string): string =>
  [...name].map(letter => (letter.toUpperCase().length === letter.length ? letter.toUpperCase() : letter)).join('')
