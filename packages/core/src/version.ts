// Versions: SemVer 2.0.0, strict, without the extras that other readers allow (a leading v, spaces, leading zeros).
import { fail } from './error.ts'

export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** As text: numeric ones have no upper limit in SemVer. */
  readonly prerelease: readonly string[]
  readonly build: readonly string[]
}
export type Order = -1 | 0 | 1

/** The parts of a SemVer 2.0.0 text, or undefined. At most 256 characters and safe integers, as npm's reader has it. */
export const parseVersion = (text: string): Version | undefined => {
  const [, major, minor, patch, prerelease, build] = text.length > 256 ? [] : (pattern.exec(text) ?? [])
  const numbers = [major, minor, patch].map(Number)
  if (!numbers.every(Number.isSafeInteger)) return undefined
  const [a, b, c] = numbers as [number, number, number]
  return { major: a, minor: b, patch: c, prerelease: prerelease?.split('.') ?? [], build: build?.split('.') ?? [] }
}

/** Precedence (SemVer 2.0.0, 11); build metadata is ignored. Throws `version/not-semver`. */
export const compareVersions = (a: string | Version, b: string | Version): Order => {
  const [x, y] = [asVersion(a), asVersion(b)]
  for (const part of ['major', 'minor', 'patch'] as const) if (x[part] !== y[part]) return x[part] < y[part] ? -1 : 1
  return comparePrereleases(x.prerelease, y.prerelease)
}

/** Whether a version has a pre-release part. Throws `version/not-semver`. */
export const isPrerelease = (version: string | Version): boolean => asVersion(version).prerelease.length > 0

/**
 * The channel that a version is for unless one is said (CONFIG 3): `1.2.0-beta.1` and `1.2.0-beta2` are for `beta`, `1.2.0` for `stable`.
 * A pre-release without a word (`1.2.0-1`) is for `prerelease`, never for `stable`. Throws `version/not-semver`.
 */
export const channelOf = (version: string | Version): string => {
  const first = asVersion(version).prerelease[0]
  return first === undefined ? 'stable' : (/^[a-z]+/.exec(first.toLowerCase())?.[0] ?? 'prerelease')
}

const pattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*))?(?:\+([\da-zA-Z-]+(?:\.[\da-zA-Z-]+)*))?$/

const asVersion = (version: string | Version): Version =>
  typeof version !== 'string'
    ? version
    : (parseVersion(version) ??
      fail('version/not-semver', 'This is no SemVer 2.0.0 version.', {
        hint: 'Write MAJOR.MINOR.PATCH, as 1.2.0 or 1.2.0-beta.1, without a leading v.',
      }))

const comparePrereleases = (a: readonly string[], b: readonly string[]): Order => {
  if (a.length === 0 || b.length === 0) return sign(b.length - a.length)
  for (const [index, one] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    const order = compareIdentifiers(one, other)
    if (order !== 0) return order
  }
  return a.length < b.length ? -1 : 0
}

const compareIdentifiers = (a: string, b: string): Order => {
  const [numericA, numericB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (numericA !== numericB) return numericA ? -1 : 1
  // Without leading zeros the longer number is the greater one, at any size.
  if (numericA && a.length !== b.length) return sign(a.length - b.length)
  return a === b ? 0 : a < b ? -1 : 1
}

const sign = (value: number): Order => Math.sign(value) as Order
