// What an install script knows of its channel: the release on offer and, for each target, the packages to choose from. Both scripts are of it.
import { clientVersion, fail, feedHead, installScripts, isOneLine, type Artifact, type Release, type Target } from '@slipway/core'
import { isInsidePath } from '@slipway/formats/inside-path'
import { parsePublicKey } from '@slipway/formats/minisign'
import { encodeBase64 } from '@slipway/formats/base64'
import { chosenFor, promisedTargets, useOf, type FeedView } from '../feed.ts'

export const serves = {
  macos: ['tar.gz', 'binary', 'zip'],
  windows: ['zip', 'binary'],
  linux: ['tar.gz', 'binary', 'zip'],
} as const
const installOf = { id: 'install', serves }

export interface Offer {
  readonly app: string
  readonly channel: string
  readonly n: number
  /** '' while nothing is offered. */
  readonly version: string
  /** Public URL of the bucket's base, ending in a slash. */
  readonly base: string
  /** Where this script itself lies. */
  readonly script: string
  /** Where the files of the release lie, ending in a slash. */
  readonly at: string
  /** Base64 of a minisign public key, and of its 32 bytes; '' where the release names none. */
  readonly publicKey: string
  readonly rawKey: string
  readonly packages: readonly Offered[]
}
export interface Offered {
  readonly target: Target
  readonly kind: string
  readonly file: string
  readonly url: string
  readonly sha256: string
  /** The one folder in an archive, and the program in it. */
  readonly folder: string
  readonly executable: string
  /** What one types. */
  readonly command: string
}

/** What one head offers. Codes: `install/incomplete`, `install/bad-version`, `install/illegal-name`, `install/no-program`. */
export const offerOf = (view: FeedView, head: string, targets: readonly Target[]): Offer => {
  const { app, channel, state, current, base } = view
  const promised = current === null ? [] : promisedTargets(installOf, current).filter(target => targets.includes(target))
  const release = promised.length === 0 ? null : current
  const key = release === null ? null : keyOf(release)
  return {
    app: legalName(app),
    channel,
    n: state.n,
    version: release === null ? '' : versionOf(release),
    base,
    script: `${base}${feedHead(channel, 'install', head)}`,
    at: release?.at ?? '',
    publicKey: key?.text ?? '',
    rawKey: key?.raw ?? '',
    packages: release === null ? [] : promised.flatMap(target => packagesFor(release, target)),
  }
}

/** The head of a target: the shell's, or PowerShell's. */
export const headOf = (target: Target): string => (target.startsWith('windows-') ? installScripts[1] : installScripts[0]) ?? ''

/**
 * The first two lines of both scripts: n, so that a late write is seen, and what another channel's script looks for. Plain ASCII, since
 * channel and version are.
 */
export const factsLine = ({ n, channel, version }: Offer): string =>
  `# slipway ${JSON.stringify({ n, channel, version: version === '' ? '0.0.0' : version })}`

const versionOf = ({ version }: Release): string => {
  const text = clientVersion('npm', version)
  if ('text' in text) return text.text
  return fail('install/bad-version', `${JSON.stringify(version)} cannot be offered by the install scripts: ${text.refused}`, {
    hint: 'Release a plain SemVer version, as 1.2.0 or 1.2.0-beta.2.',
    exit: 'refused',
  })
}

const keyOf = ({ accepts }: Release): { readonly text: string; readonly raw: string } | null => {
  const record = accepts['minisign']
  if (record === undefined) return null
  const { publicKey } = parsePublicKey(record.public)
  return { text: record.public.trim().split('\n').at(-1)?.trim() ?? '', raw: encodeBase64(publicKey) }
}

const packagesFor = (release: Release, target: Target): readonly Offered[] => {
  const chosen = chosenFor({ feed: installOf, options: useOf('install', release) ?? {} }, target, release.artifacts)
  if (chosen.length > 0) return chosen.map(artifact => offered(release, artifact, target))
  return fail('install/incomplete', `release ${release.version} has no package for ${target} that the install scripts can install`, {
    hint: 'Add one (packages: tar.gz, zip or binary), or narrow feeds.install.targets.',
    where: { path: 'feeds.install.targets', target },
    exit: 'refused',
  })
}

const offered = (release: Release, { file, kind, sha256, facts }: Artifact, target: Target): Offered => {
  const path = facts['executable']
  const folder = kind === 'binary' ? 'program' : facts['folder']
  if (!isPath(folder) || !isPath(path))
    return fail('install/no-program', `the record of release ${release.version} does not say which program ${JSON.stringify(file)} holds`, {
      hint: 'Publish it with slipway: it writes that down when it packs.',
      where: { object: file, target },
      exit: 'refused',
    })
  const executable = kind === 'binary' ? lastOf(path) : path
  const name = lastOf(path).replace(target.startsWith('windows-') ? /\.exe$/i : /$^/, '')
  // A program may have any name inside of its package; what one types may not.
  const command = legal.test(name) ? name : release.app
  return { target, kind, file, url: `${release.at}${encodeURIComponent(file)}`, sha256, folder, executable, command }
}

const isPath = (text: unknown): text is string => typeof text === 'string' && isOneLine(text) && isInsidePath(text)
const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const legal = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/
/** It becomes the name of folders and variables on every system. */
const legalName = (name: string): string =>
  legal.test(name)
    ? name
    : fail('install/illegal-name', `${JSON.stringify(name)} cannot be the name of a command that scripts install`, {
        hint: 'Use letters, digits, dots, dashes and underscores: app.bin, or the key in apps.',
        exit: 'refused',
      })
