// Versions of Arch packages and their order (PKGBUILD(5), vercmp(8); pacman 6.0, lib/libalpm/version.c).

/** `[epoch:]pkgver-pkgrel`: no colon, slash, hyphen or space in pkgver, ASCII only; pkgrel is `1` or `1.1`. */
export const isPacmanVersion = (text: string): boolean => /^(?:\d+:)?[!-,.0-9;?-~]+-\d+(?:\.\d+)?$/.test(text)

export interface PacmanVersioned {
  /** `1.2.3`, `1.2.3-beta.4`; build metadata after `+` is dropped, for it has no place in the order. */
  readonly version: string
  /** pkgrel: tells packagings of one version apart. */
  readonly release: number
  readonly epoch?: number
}

/**
 * A semantic version as pacman writes it, in the same order: `1.2.3-beta.4` is `1.2.3beta.4-1`.
 * Undefined where the prerelease is no word with numbers behind it, or would sort otherwise than in semantic versioning.
 */
export const pacmanVersion = ({ version, release, epoch = 0 }: PacmanVersioned): string | undefined => {
  const [plain = ''] = version.split('+')
  const dash = plain.indexOf('-')
  const numbers = dash < 0 ? plain : plain.slice(0, dash)
  const prerelease = dash < 0 ? '' : plain.slice(dash + 1)
  if (!/^\d+(?:\.\d+)*$/.test(numbers)) return undefined
  // `rc10` sorts before `rc2` in semantic versioning, but not in pacman.
  if (prerelease !== '' && !/^[A-Za-z]+\d?(?:\.(?:0|[1-9]\d*))*$/.test(prerelease)) return undefined
  if (![release, epoch].every(number => Number.isSafeInteger(number) && number >= 0)) return undefined
  return `${epoch === 0 ? '' : `${epoch}:`}${numbers}${prerelease}-${release}`
}

/** vercmp's order of `[epoch:]version[-release]`; releases count only where both have one. */
export const comparePacman = (left: string, right: string): -1 | 0 | 1 => {
  if (left === right) return 0
  const [a, b] = [split(left), split(right)]
  const order = comparePart(a.epoch, b.epoch) || comparePart(a.version, b.version)
  if (order !== 0 || a.release === undefined || b.release === undefined) return order
  return comparePart(a.release, b.release)
}

const split = (text: string): { readonly epoch: string; readonly version: string; readonly release: string | undefined } => {
  const [, epoch] = /^(\d*):/.exec(text) ?? []
  const rest = epoch === undefined ? text : text.slice(epoch.length + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: epoch === undefined || epoch === '' ? '0' : epoch,
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? undefined : rest.slice(dash + 1),
  }
}

/** Runs of digits or letters, with the length of what separates them; pacman's rpmvercmp, which is not that of rpm itself. */
const comparePart = (left: string, right: string): -1 | 0 | 1 => {
  if (left === right) return 0
  let [a, b] = [left, right]
  for (;;) {
    const [separatorA = '', separatorB = ''] = [/^[^0-9A-Za-z]*/.exec(a)?.[0], /^[^0-9A-Za-z]*/.exec(b)?.[0]]
    if (a === '' || b === '') break
    a = a.slice(separatorA.length)
    b = b.slice(separatorB.length)
    if (a === '' || b === '') break
    if (separatorA.length !== separatorB.length) return separatorA.length < separatorB.length ? -1 : 1
    const isNumber = /^\d/.test(a)
    const pattern = isNumber ? /^\d*/ : /^[A-Za-z]*/
    const [runA = '', runB = ''] = [pattern.exec(a)?.[0], pattern.exec(b)?.[0]]
    if (runB === '') return isNumber ? 1 : -1
    const order = isNumber ? compareNumbers(runA, runB) : compareTexts(runA, runB)
    if (order !== 0) return order
    a = a.slice(runA.length)
    b = b.slice(runB.length)
  }
  if (a === '' && b === '') return 0
  // Letters that are left over never beat nothing: `1.0beta` is before `1.0`.
  return (a === '' && !/^[A-Za-z]/.test(b)) || /^[A-Za-z]/.test(a) ? -1 : 1
}

const compareNumbers = (left: string, right: string): -1 | 0 | 1 => {
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')]
  return a.length === b.length ? compareTexts(a, b) : a.length < b.length ? -1 : 1
}

const compareTexts = (left: string, right: string): -1 | 0 | 1 => (left === right ? 0 : left < right ? -1 : 1)
