// One SemVer in, each client's own version text and order out. What a client would sort wrongly is refused, not bent.
import { fail } from './error.ts'
import { compareDeb, compareDigits, compareRpm } from './package-order.ts'
import { compareVersions, parseVersion } from './version.ts'
import type { Order, Version } from './version.ts'

export type VersionClient =
  | 'tauri'
  | 'electron'
  | 'velopack'
  | 'npm'
  | 'sparkle'
  | 'squirrel-mac'
  | 'squirrel-windows'
  | 'deb'
  | 'rpm'
  | 'scoop'
  | 'winget'
  | 'homebrew'
  | 'windows'
  | 'msi'

export interface ClientVersionOptions {
  /** The integer of Sparkle (CFBundleVersion), or the fourth number of Windows (0 unless said). */
  readonly build?: number
  /** Revision of a deb, release of an rpm; `1` unless said. */
  readonly revision?: string
}
export type ClientVersion = { readonly text: string } | { readonly refused: string }

/** A SemVer version as a client writes it, or why that client cannot have it. */
export const clientVersion = (client: VersionClient, version: string, options: ClientVersionOptions = {}): ClientVersion => {
  const parsed = parseVersion(version)
  if (parsed === undefined) return { refused: 'it is no SemVer 2.0.0 version' }
  if (parsed.build.length > 0) return { refused: 'clients disagree on build metadata (the part after +)' }
  return renderers[client]({ version, parsed, options })
}

/**
 * A client's own order of two of its own texts, as `clientVersion` makes them: SemVer, dpkg's, rpm's, integers (Sparkle) or four numbers.
 * Throws `version/not-semver`, and `version/not-numeric` where numbers were due.
 */
export const compareFor = (client: VersionClient, a: string, b: string): Order => {
  if (client === 'deb') return compareDeb(a, b)
  if (client === 'rpm') return compareRpm(a, b)
  if (client !== 'sparkle' && client !== 'windows' && client !== 'msi') return compareVersions(a, b)
  for (const text of [a, b])
    if (!/^\d+(\.\d+)*$/.test(text))
      return fail('version/not-numeric', `${client} compares numbers, and this version is no number.`, {
        hint: 'Pass the text that clientVersion made.',
      })
  const [x, y] = [a.split('.'), b.split('.')]
  for (const [index, one] of x.entries()) {
    const order = compareDigits(one, y[index] ?? '0')
    if (order !== 0) return order
  }
  return y.slice(x.length).some(part => Number(part) > 0) ? -1 : 0
}

interface Rendering {
  readonly version: string
  readonly parsed: Version
  readonly options: ClientVersionOptions
}
type Render = (rendering: Rendering) => ClientVersion

const asIs: Render = ({ version }) => ({ text: version })

const stableOnly =
  (refused: string): Render =>
  ({ version, parsed }) =>
    parsed.prerelease.length > 0 ? { refused } : { text: version }

const packaged =
  (sorted: RegExp, refused: string): Render =>
  ({ parsed, options }) => {
    const revision = options.revision ?? '1'
    if (!/^[a-zA-Z0-9][a-zA-Z0-9.+~]*$/.test(revision)) return { refused: 'a revision is made of letters, digits, dots, + and ~' }
    const prerelease = parsed.prerelease.join('.')
    // The last dash begins the revision (deb-version(7)), and rpm allows no other.
    if (prerelease.includes('-')) return { refused: 'a dash in its pre-release part would begin a revision' }
    if (prerelease !== '' && !sorted.test(prerelease)) return { refused }
    return { text: `${core(parsed)}${prerelease === '' ? '' : `~${prerelease}`}-${revision}` }
  }

// Both compare runs of digits as numbers, wherever they stand: SemVer has rc10 before rc2, and they have not. One digit is the same in all.
const deb = packaged(
  /^(\d+|[a-zA-Z]+\d?)(\.(\d+|[a-zA-Z]+\d?))*$/,
  'dpkg would sort such a pre-release otherwise than SemVer; words and numbers apart, as beta.2, sort the same',
)
// For rpm a number comes after any word, for SemVer before.
const rpm = packaged(
  /^[a-zA-Z]+\d?(\.\d+)*$/,
  'rpm would sort such a pre-release otherwise than SemVer; a word and numbers behind it, as beta.2, sort the same',
)

const integer: Render = ({ options: { build } }) => {
  if (build === undefined) return { refused: 'it compares an integer, and no build number was given' }
  return Number.isSafeInteger(build) && build > 0 ? { text: String(build) } : { refused: 'its build number is no whole number above 0' }
}

const scoop: Render = ({ version, parsed }) =>
  parsed.prerelease[0] === undefined || /^(alpha|beta|rc|pre)\d*$/i.test(parsed.prerelease[0])
    ? { text: version }
    : { refused: 'Scoop sorts a pre-release above its release unless it begins with alpha, beta, rc or pre' }

const numbers =
  (limits: readonly number[]): Render =>
  ({ parsed, options }) => {
    const parts = [parsed.major, parsed.minor, parsed.patch, options.build ?? 0].slice(0, limits.length)
    const fits = parts.every((part, index) => Number.isInteger(part) && part >= 0 && part <= (limits[index] as number))
    return fits ? { text: parts.join('.') } : { refused: `its numbers may not be above ${limits.join('.')}` }
  }

const renderers: Record<VersionClient, Render> = {
  tauri: asIs,
  electron: asIs,
  velopack: asIs,
  npm: asIs,
  sparkle: integer,
  'squirrel-mac': stableOnly('Squirrel.Mac sorts a pre-release above its release'),
  'squirrel-windows': stableOnly('Squirrel.Windows compares pre-releases as text, so that 10 comes before 2'),
  deb,
  rpm,
  scoop,
  winget: stableOnly('winget gets stable versions only'),
  homebrew: stableOnly('Homebrew gets stable versions only'),
  windows: numbers([65535, 65535, 65535, 65535]),
  msi: numbers([255, 255, 65535]),
}

const core = ({ major, minor, patch }: Version): string => `${major}.${minor}.${patch}`
