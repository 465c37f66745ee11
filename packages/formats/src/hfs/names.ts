// HFS Plus names: decomposed UTF-16, compared without case (Apple Technical Note TN1150, "Unicode Subtleties" and "Case-Insensitive String Comparison Algorithm").
import { FormatError } from '../format-error.ts'

/** UTF-16 code units as they stand on disk, at most 255. Throws `hfs/bad-name`. */
export const nameUnits = (name: string): Uint16Array => {
  const refuse = (reason: string): never => {
    throw new FormatError('hfs/bad-name', `${JSON.stringify(name)} ${reason}`)
  }
  if (!name.isWellFormed()) return refuse('holds half of a surrogate pair')
  if (name === '' || name.includes('\0') || name.includes('/')) return refuse('is no name of a file')
  // Volumes separate with a colon where POSIX does with a slash, so each stands for the other.
  const stored = decompose(name).replaceAll(':', '/')
  if (stored.length > 255) return refuse(`has ${stored.length} UTF-16 units once decomposed; a name has at most 255`)
  return Uint16Array.from({ length: stored.length }, (_, at) => stored.charCodeAt(at))
}

/** Back from disk; composed, as other systems write names. */
export const nameOf = (units: Uint16Array): string => String.fromCharCode(...units).replaceAll('/', ':')

// Never decomposed: they had no stable decomposition when the format was made (TN1150, "Unicode Subtleties").
const keptWhole = /[\u2000-\u2fff\uf900-\ufaff\u{2f800}-\u{2faff}]+/gu

/** NFD, but for the ranges that Apple keeps whole. */
export const decompose = (text: string): string => {
  let from = 0
  let whole = ''
  for (const match of text.matchAll(keptWhole)) {
    whole += text.slice(from, match.index).normalize('NFD') + match[0]
    from = match.index + match[0].length
  }
  return whole + text.slice(from).normalize('NFD')
}

/** Negative, 0 or positive: the order of names in a catalog. */
export const compareNames = (left: Uint16Array, right: Uint16Array): number => {
  let [at, other] = [0, 0]
  for (;;) {
    let [one, two] = [0, 0]
    while (at < left.length && one === 0) one = folded(left[at++] ?? 0)
    while (other < right.length && two === 0) two = folded(right[other++] ?? 0)
    if (one !== two) return one - two
    if (one === 0) return 0
  }
}

/** Two names with the same fold are one on a volume: `compareNames` gives 0. */
export const foldName = (name: string): string =>
  String.fromCharCode(
    ...[...decompose(name)]
      .flatMap(letter => [...Array(letter.length).keys()].map(at => folded(letter.charCodeAt(at))))
      .filter(unit => unit !== 0),
  )

const folded = (unit: number): number => foldTable.get(unit) ?? unit

/** [first, last, step, what is added]: the letters that TN1150's table folds; what has a decomposition is not among them. */
const foldRanges: readonly (readonly [first: number, last: number, step: number, add: number])[] = [
  [0x41, 0x5a, 1, 32],
  [0xc6, 0xc6, 1, 32],
  [0xd0, 0xd0, 1, 32],
  [0xd8, 0xd8, 1, 32],
  [0xde, 0xde, 1, 32],
  [0x391, 0x3a1, 1, 32],
  [0x3a3, 0x3a9, 1, 32],
  [0x3e2, 0x3ee, 2, 1],
  [0x402, 0x402, 1, 80],
  [0x404, 0x406, 1, 80],
  [0x408, 0x40b, 1, 80],
  [0x40f, 0x40f, 1, 80],
  [0x410, 0x418, 1, 32],
  [0x41a, 0x42f, 1, 32],
  [0x460, 0x474, 2, 1],
  [0x478, 0x480, 2, 1],
  [0x490, 0x4be, 2, 1],
  [0x531, 0x556, 1, 48],
  [0x10a0, 0x10c5, 1, 48],
  [0x2160, 0x216f, 1, 16],
  [0xff21, 0xff3a, 1, 32],
]
const oneUp = [
  0x110, 0x126, 0x132, 0x13f, 0x141, 0x14a, 0x152, 0x166, 0x182, 0x184, 0x187, 0x18b, 0x191, 0x198, 0x1a2, 0x1a4, 0x1a7, 0x1ac, 0x1b3,
  0x1b5, 0x1b8, 0x1bc, 0x1c5, 0x1c8, 0x1cb, 0x1e4, 0x1f2, 0x4c3, 0x4c7, 0x4cb,
]
const single: readonly (readonly [from: number, to: number])[] = [
  [0x181, 0x253],
  [0x186, 0x254],
  [0x189, 0x256],
  [0x18a, 0x257],
  [0x18e, 0x1dd],
  [0x18f, 0x259],
  [0x190, 0x25b],
  [0x193, 0x260],
  [0x194, 0x263],
  [0x196, 0x269],
  [0x197, 0x268],
  [0x19c, 0x26f],
  [0x19d, 0x272],
  [0x19f, 0x275],
  [0x1a9, 0x283],
  [0x1ae, 0x288],
  [0x1b1, 0x28a],
  [0x1b2, 0x28b],
  [0x1b7, 0x292],
  [0x1c4, 0x1c6],
  [0x1c7, 0x1c9],
  [0x1ca, 0x1cc],
  [0x1f1, 0x1f3],
  // NUL sorts last; joiners, marks of direction and the byte order mark are passed over.
  [0, 0xffff],
  ...[0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0xfeff].map(one => [one, 0] as const),
  ...[0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f].map(one => [one, 0] as const),
]
const foldTable: ReadonlyMap<number, number> = new Map([
  ...foldRanges.flatMap(([first, last, step, add]) =>
    Array.from({ length: (last - first) / step + 1 }, (_, index) => [first + index * step, first + index * step + add] as const),
  ),
  ...oneUp.map(one => [one, one + 1] as const),
  ...single,
])
