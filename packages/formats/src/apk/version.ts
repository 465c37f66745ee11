// Versions of Alpine packages and their order (apk-package(5), "PACKAGE NAMES AND VERSIONS"; apk-tools 3.0.6, src/version.c).

/** `number{.number}{letter}{_suffix{number}}{~hash}{-r#}` */
const versionPattern = /^\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(?:~[0-9a-f]+)?(?:-r\d+)?$/

/** Whether apk takes it for a version. */
export const isApkVersion = (text: string): boolean => versionPattern.test(text)

export interface ApkVersioned {
  /** `1.2.3`, `1.2.3-alpha.4`; build metadata after `+` is dropped, for apk has no place for it. */
  readonly version: string
  /** Tells packagings of one version apart: `-r0`. */
  readonly revision: number
}

/**
 * A semantic version as apk writes it, in the same order: `1.2.3-alpha.4` is `1.2.3_alpha4-r0`.
 * Undefined where the prerelease is none of alpha, beta, pre, rc, or would sort otherwise than in semantic versioning.
 */
export const apkVersion = ({ version, revision }: ApkVersioned): string | undefined => {
  const [plain = ''] = version.split('+')
  const dash = plain.indexOf('-')
  const numbers = dash < 0 ? plain : plain.slice(0, dash)
  const suffix = dash < 0 ? '' : suffixOf(plain.slice(dash + 1))
  if (suffix === undefined || !Number.isSafeInteger(revision) || revision < 0) return undefined
  // apk counts in 64 bits and compares numbers with leading zeros as text.
  if (!/^(?:0|[1-9]\d{0,17})(?:\.(?:0|[1-9]\d{0,17}))*$/.test(numbers)) return undefined
  return `${numbers}${suffix}-r${revision}`
}

/** More numbers (`alpha.1.2`) become `_p`, the one suffix that sorts after none. */
const suffixOf = (prerelease: string): string | undefined => {
  // `rc1` is common. `rc10` sorts before `rc2` in semantic versioning, but not in apk.
  const [, word, glued, rest] = /^(alpha|beta|pre|rc)(\d?)((?:\.(?:0|[1-9]\d{0,17}))*)$/.exec(prerelease) ?? []
  if (word === undefined || glued === undefined || rest === undefined) return undefined
  const [first = '', ...more] = [...(glued === '' ? [] : [glued]), ...rest.split('.').slice(1)]
  return `_${word}${first}${more.map(number => `_p${number}`).join('')}`
}

/** apk's order: `1.2_alpha1` before `1.2`, that before `1.2-r1` and `1.2_p1`. */
export const compareApk = (left: string, right: string): -1 | 0 | 1 => {
  let a = firstToken(left)
  let b = firstToken(right)
  while (a.kind === b.kind && a.kind < kinds.end) {
    const order = compareTokens(a, b)
    if (order !== 0) return order
    a = nextToken(a)
    b = nextToken(b)
  }
  if (a.kind === b.kind) return 0
  // One goes on where the other does not: that is later, unless it is a mark of a prerelease.
  if (isPrerelease(a)) return -1
  if (isPrerelease(b)) return 1
  return a.kind > b.kind ? -1 : 1
}

// In the order of apk's tokens, for what comes earlier in this list sorts later.
const kinds = { initial: 0, digit: 1, letter: 2, suffix: 3, suffixNumber: 4, hash: 5, revision: 6, end: 7, invalid: 8 } as const
type Kind = (typeof kinds)[keyof typeof kinds]

interface Token {
  readonly kind: Kind
  readonly text: string
  readonly rest: string
}

const suffixes = ['', 'alpha', 'beta', 'pre', 'rc', 'none', 'cvs', 'svn', 'git', 'hg', 'p']
const isPrerelease = (token: Token): boolean => token.kind === kinds.suffix && suffixes.indexOf(token.text) < suffixes.indexOf('none')

const firstToken = (text: string): Token => numberToken(kinds.initial, text)

const numberToken = (kind: Kind, rest: string): Token => {
  const [digits = ''] = /^\d*/.exec(rest) ?? []
  return { kind: digits === '' ? kinds.invalid : kind, text: digits, rest: rest.slice(digits.length) }
}

const nextToken = ({ kind, rest }: Token): Token => {
  const invalid: Token = { kind: kinds.invalid, text: '', rest: '' }
  const first = rest[0] ?? ''
  if (rest === '') return { kind: kinds.end, text: '', rest }
  if (/[a-z]/.test(first)) return kind > kinds.digit ? invalid : { kind: kinds.letter, text: first, rest: rest.slice(1) }
  if (first === '.') return kind > kinds.digit ? invalid : numberToken(kinds.digit, rest.slice(1))
  if (/\d/.test(first)) {
    if (kind === kinds.suffix) return numberToken(kinds.suffixNumber, rest)
    return kind > kinds.digit ? invalid : numberToken(kinds.digit, rest)
  }
  if (first === '_') {
    const [word = ''] = /^[a-z]*/.exec(rest.slice(1)) ?? []
    const isKnown = suffixes.includes(word) && word !== '' && word !== 'none'
    return kind > kinds.suffixNumber || !isKnown ? invalid : { kind: kinds.suffix, text: word, rest: rest.slice(1 + word.length) }
  }
  if (first === '~') {
    const [hash = ''] = /^[0-9a-f]*/.exec(rest.slice(1)) ?? []
    return kind >= kinds.hash || hash === '' ? invalid : { kind: kinds.hash, text: hash, rest: rest.slice(1 + hash.length) }
  }
  return kind >= kinds.revision || !rest.startsWith('-r') ? invalid : numberToken(kinds.revision, rest.slice(2))
}

const compareTokens = (a: Token, b: Token): -1 | 0 | 1 => {
  const isText = a.kind === kinds.letter || a.kind === kinds.hash
  // As in Gentoo: parts of a fraction with a leading zero are compared as text.
  const isFraction = a.kind === kinds.digit && (a.text.startsWith('0') || b.text.startsWith('0'))
  if (a.kind === kinds.suffix) return sign(suffixes.indexOf(a.text) - suffixes.indexOf(b.text))
  if (isText || isFraction) return a.text === b.text ? 0 : a.text < b.text ? -1 : 1
  const [x, y] = [BigInt(a.text), BigInt(b.text)]
  return x === y ? 0 : x < y ? -1 : 1
}

const sign = (difference: number): -1 | 0 | 1 => (difference === 0 ? 0 : difference < 0 ? -1 : 1)
