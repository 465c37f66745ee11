// Where each object lies in the bucket, below `<base>` (TRUST 3), and which names may become part of such a key.
import { utf8 } from './digest.ts'
import type { Hex } from './digest.ts'
import { fail } from './error.ts'
import { isOneLine } from './plain-text.ts'
import { parseVersion } from './version.ts'

export type MetadataRole = 'root' | 'targets' | 'channels' | 'snapshot'

/** The one commit point of an app. */
export const pointer = 'tuf/timestamp.json'
export const installScripts: readonly string[] = ['install.sh', 'install.ps1']
/** Whose install scripts lie at the base, where people look for them; those of other channels lie with the other feeds. */
export const mainChannel = 'stable'

/**
 * Whether a text may be the name of a file: no path parts (`/ \ :`, `.`, `..`), no control or bidirectional characters,
 * no space at either end, at most 255 bytes of UTF-8.
 */
export const safeFileName = (text: string): boolean =>
  isOneLine(text) && text === text.trim() && !/[/\\:]/.test(text) && text !== '.' && text !== '..' && utf8(text).length <= 255

/** Whether a text may be the name of a channel. */
export const safeChannelName = (text: string): boolean => /^[a-z][a-z0-9-]{0,31}$/.test(text)

// All functions below throw `places/unsafe-name` for what may not stand in a key.
export const releaseFolder = (version: string): string => `releases/${versionPart(version)}/`
export const releaseFile = (version: string, file: string): string => `${releaseFolder(version)}${namePart(file)}`
export const releaseRecord = (version: string): string => releaseFile(version, 'release.json')
export const sums = (version: string): string => releaseFile(version, 'SHA256SUMS')
export const sumsSignature = (version: string): string => releaseFile(version, 'SHA256SUMS.minisig')
/** What a publish intends; private. */
export const draft = (version: string): string => `drafts/${versionPart(version)}.json`
export const evidence = (version: string, file: string): string => `evidence/${versionPart(version)}/${namePart(file)}`

export const metadataKey = (n: number, role: MetadataRole): string => `tuf/${numberPart(n, 1, Number.MAX_SAFE_INTEGER)}.${role}.json`

export const feedFolder = (channel: string, feed: string): string => `feeds/${channelPart(channel)}/${namePart(feed)}/`
export const feedHead = (channel: string, feed: string, head: string): string =>
  feed === 'install' && channel === mainChannel && installScripts.includes(head) ? head : `${feedFolder(channel, feed)}${namePart(head)}`
/** What the keys of a channel's feed heads begin with: where one looks for those that are there. */
export const headPrefixes = (channel: string): readonly string[] => [
  `feeds/${channelPart(channel)}/`,
  ...(channel === mainChannel ? installScripts : []),
]
/** Whether a key is that of a feed's head, of any channel. */
export const isFeedHead = (key: string): boolean => key.startsWith('feeds/') || installScripts.includes(key)
/** The head of cohort copy `copy`, 0 to 99. */
export const feedCopy = (channel: string, feed: string, { copy, head }: { copy: number; head: string }): string =>
  `${feedFolder(channel, feed)}c/${String(numberPart(copy, 0, 99)).padStart(2, '0')}/${namePart(head)}`
/** A head signed ahead for a state (`p10`, `full`, `back`) of a version (TRUST 4). */
export const feedState = (
  channel: string,
  feed: string,
  { version, state, head }: { version: string; state: string; head: string },
): string => `${feedFolder(channel, feed)}states/${versionPart(version)}-${namePart(state)}/${namePart(head)}`

export const aptHead = (channel: string): string => `dists/${channelPart(channel)}/InRelease`
export const aptPart = (channel: string, arch: string, sha256: Hex): string =>
  `dists/${channelPart(channel)}/main/binary-${namePart(arch)}/by-hash/SHA256/${namePart(sha256)}`
export const rpmHead = (channel: string): string => `rpm/${channelPart(channel)}/mirrorlist`
export const rpmFolder = (channel: string, version: string, state: string): string =>
  `rpm/${channelPart(channel)}/${versionPart(version)}-${namePart(state)}/`
export const rpmPart = (channel: string, file: string, { version, state }: { version: string; state: string }): string =>
  `${rpmFolder(channel, version, state)}repodata/${namePart(file)}`
export const apkFolder = (channel: string): string => `apk/${channelPart(channel)}/`
export const pacmanFolder = (channel: string): string => `pacman/${channelPart(channel)}/`

const versionPart = (version: string): string => (parseVersion(version) === undefined ? unsafe('version') : version)
const channelPart = (channel: string): string => (safeChannelName(channel) ? channel : unsafe('channel name'))
const namePart = (name: string): string => (safeFileName(name) ? name : unsafe('file name'))
const numberPart = (n: number, least: number, most: number): number =>
  Number.isSafeInteger(n) && n >= least && n <= most ? n : unsafe('number')

// The name itself is not shown: it is untrusted, and this is the place that found it unsafe.
const unsafe = (what: string): never =>
  fail('places/unsafe-name', `A ${what} may not become part of an object key.`, {
    hint: 'Use letters, digits, dots and dashes; no path parts and no control characters.',
  })
