// Who is offered what: one pure function for server, SDK, feeds and tests (CONTRACTS 9, TRUST 6).
import type { Artifact } from './artifact.ts'
import { shown } from './channel.ts'
import type { Candidate, ChannelState } from './channel.ts'
import { clientRows } from './client.ts'
import type { ClientId, ClientRow } from './client.ts'
import { clientVersion, compareFor } from './client-version.ts'
import { sha256Text } from './digest.ts'
import type { Hex } from './digest.ts'
import type { Release } from './release.ts'
import { candidatesFor, parseTarget } from './target.ts'
import type { Target, TargetParts } from './target.ts'
import { compareVersions, parseVersion } from './version.ts'
import type { Order } from './version.ts'

/** A release with what the index says of it; `id` is the digest of its record. */
export interface OfferedRelease {
  readonly id: Hex
  readonly admit: Readonly<Record<string, Hex | null>>
  readonly yanked?: string
  readonly release: Release
}
export interface OfferState {
  readonly channel: string
  readonly state: ChannelState
  /** By version. */
  readonly releases: Readonly<Record<string, OfferedRelease>>
}
/** One installed copy, or one about to be installed. */
export interface Install {
  readonly target: Target
  /** The app's SemVer version (for Sparkle also its build number as text); null: nothing is installed yet. */
  readonly version: string | null
  readonly client: ClientId
  /** Kind of package it was installed from, where the client keeps to it. */
  readonly kind?: string
  /** Install id (sdk), updater uuid (electron, squirrel-windows), group 0 to 6 (sparkle). */
  readonly cohort?: string
  /** Number 0 to 99 of the cohort copy that the app reads instead of the feed itself. */
  readonly copy?: number
  /** A person asked. */
  readonly manual?: boolean
  /** The app opted in to go down when its own version is yanked. */
  readonly down?: boolean
  /** ISO 8601; only Sparkle's groups depend on it. */
  readonly now?: string
}
/**
 * Offered: `candidate`, `manual` (candidate, past the percent), `current`, `down`.
 * Not offered: `up-to-date`; `halted`, `outside`, `held` (only a candidate is newer, and it is withheld); `empty` channel;
 * `unknown-release`, `not-admitted`, `yanked`, `no-artifact` (of what would be offered); `unordered` (the client cannot compare the
 * versions); `unknown-target`.
 */
export type Reason =
  | 'candidate'
  | 'manual'
  | 'current'
  | 'down'
  | 'up-to-date'
  | 'halted'
  | 'outside'
  | 'held'
  | 'empty'
  | 'unknown-release'
  | 'not-admitted'
  | 'yanked'
  | 'no-artifact'
  | 'unordered'
  | 'unknown-target'
export type Decision =
  | { readonly offer: Release; readonly artifact: Artifact; readonly reason: Reason }
  | { readonly offer: null; readonly artifact?: never; readonly reason: Reason }

/** What a client is offered. Never throws for what a bucket or a client may say; whatever is unknown is not offered. */
export const decide = (state: OfferState, install: Install): Decision => {
  if (candidatesFor(install.target).length === 0) return none('unknown-target')
  const view = shown(state.state)
  const candidate = state.state.candidate === null ? undefined : weighCandidate(state, install, state.state.candidate)
  if (candidate !== undefined && (candidate.offer !== null || candidate.final === true)) return plain(candidate)
  const withheld = candidate?.reason ?? 'up-to-date'
  if (view.current === null) return none(candidate === undefined ? 'empty' : withheld)
  const current = weigh(state, install, view.current)
  if ('artifact' in current) return { offer: current.entry.release, artifact: current.artifact, reason: 'current' }
  return current.reason === 'up-to-date' ? (goDown(state, install, view.current) ?? none(withheld)) : none(current.reason)
}

/** The cohort, 0 to 99, of an install for one release: below the percent means offered (TRUST 6). Throws `core/lone-surrogate`. */
export const cohortOf = (releaseId: string, installId: string): number =>
  Number(BigInt(`0x${sha256Text(`${releaseId}:${installId}`).slice(0, 16)}`) % 100n)

/** The rank, 0 to 99, of cohort copy `copy` (0 to 99) for one release: below the percent means that it shows the candidate (TRUST 6). */
export const copyRank = (releaseId: string, copy: number): number => {
  const own = copyDigest(releaseId, copy)
  return Array.from({ length: 100 }, (_, other) => copyDigest(releaseId, other)).filter(digest => digest < own).length
}

const copyDigest = (releaseId: string, copy: number): Hex => sha256Text(`${releaseId}:${String(copy).padStart(2, '0')}`)

type Weighed = { readonly entry: OfferedRelease; readonly artifact: Artifact } | { readonly reason: Reason }
/** `final`: the client sees nothing else either. */
type Candidacy = Decision & { readonly final?: boolean }

const none = (reason: Reason): Decision => ({ offer: null, reason })
const plain = ({ final: _final, ...decision }: Candidacy): Decision => decision as Decision

const weighCandidate = (state: OfferState, install: Install, candidate: Candidate): Candidacy => {
  const weighed = weigh(state, install, candidate.version)
  if ('reason' in weighed) return none(weighed.reason)
  if (state.state.halted !== null) return none('halted')
  const { entry, artifact } = weighed
  const row = clientRows[install.client]
  const admission =
    install.copy === undefined ? percentRules[row.percent](entry, candidate, install) : copyShows(entry.id, candidate, install.copy)
  if (admission === 'in') return { offer: entry.release, artifact, reason: 'candidate' }
  if (row.manual && install.manual === true) return { offer: entry.release, artifact, reason: 'manual' }
  return admission === 'nothing' ? { offer: null, reason: 'outside', final: true } : none(admission)
}

const weigh = (state: OfferState, install: Install, version: string): Weighed => {
  const entry = entryOf(state, version)
  if (entry === undefined) return { reason: 'unknown-release' }
  const order = orderOf(state, install, entry.release)
  if (order === undefined) return { reason: 'unordered' }
  // First of all, so that a client that is ahead is told so, and not what ails a release that is not for it.
  return order > 0 ? allow(state, install, entry) : { reason: 'up-to-date' }
}

const allow = (state: OfferState, install: Install, entry: OfferedRelease): Weighed => {
  if (entry.yanked !== undefined) return { reason: 'yanked' }
  // hasOwn, for `constructor` is a name that a channel may have.
  if (!Object.hasOwn(entry.admit, state.channel)) return { reason: 'not-admitted' }
  const artifact = chooseArtifact(entry.release, install)
  return artifact === undefined ? { reason: 'no-artifact' } : { entry, artifact }
}

// The one way down (TRUST 6): its own version is yanked, current is lower, the app opted in.
const goDown = (state: OfferState, install: Install, current: string): Decision | undefined => {
  if (install.version === null || install.down !== true || clientRows[install.client].down !== 'yanked') return undefined
  const [own, lower] = [entryOf(state, install.version), entryOf(state, current)]
  if (own?.yanked === undefined || lower === undefined || orderOf(state, install, lower.release) !== -1) return undefined
  const allowed = allow(state, install, lower)
  return 'artifact' in allowed ? { offer: lower.release, artifact: allowed.artifact, reason: 'down' } : none(allowed.reason)
}

const entryOf = ({ releases }: OfferState, version: string): OfferedRelease | undefined => {
  const entry = Object.hasOwn(releases, version) ? releases[version] : undefined
  return entry?.release.version === version ? entry : undefined
}

// How a release stands to the installed version in the client's own order; undefined where the client cannot tell.
const orderOf = (state: OfferState, install: Install, release: Release): Order | undefined => {
  const { order } = clientRows[install.client]
  if (order === 'semver') return semverOrder(release.version, install.version)
  const offered = clientVersion(order, release.version, { build: release.build })
  if ('refused' in offered) return undefined
  if (install.version === null) return 1
  if (order === 'sparkle' && /^\d{1,15}$/.test(install.version)) return compareFor(order, offered.text, install.version)
  const own = entryOf(state, install.version)?.release.build
  const installed = clientVersion(order, install.version, own === undefined ? {} : { build: own })
  return 'refused' in installed ? undefined : compareFor(order, offered.text, installed.text)
}

const semverOrder = (offered: string, installed: string | null): Order | undefined => {
  if (parseVersion(offered) === undefined) return undefined
  if (installed === null) return 1
  return parseVersion(installed) === undefined ? undefined : compareVersions(offered, installed)
}

const chooseArtifact = ({ artifacts }: Release, install: Install): Artifact | undefined => {
  const kinds = kindsOf(clientRows[install.client], install)
  const roles = install.version === null ? ['both', 'install', 'update'] : ['both', 'update', 'install']
  for (const target of candidatesFor(install.target)) {
    const fitting = artifacts.filter(one => one.target === target && roles.includes(one.role) && kinds?.includes(one.kind) !== false)
    const place = (one: Artifact): number => (kinds === undefined ? 0 : kinds.indexOf(one.kind) * roles.length) + roles.indexOf(one.role)
    const best = fitting.toSorted((a, b) => place(a) - place(b))[0]
    if (best !== undefined) return best
  }
  return undefined
}

// Undefined: every kind.
const kindsOf = ({ kinds }: ClientRow, { kind, target }: Install): readonly string[] | undefined => {
  if (kinds === undefined) return kind === undefined ? undefined : [kind]
  const able = kinds[(parseTarget(target) as TargetParts).os] ?? []
  return kind === undefined ? able : able.filter(one => one === kind)
}

/** `nothing`: neither the candidate nor current. */
type Admission = 'in' | 'outside' | 'held' | 'nothing'
type Admit = (entry: OfferedRelease, candidate: Candidate, install: Install) => Admission

const copyShows = (id: Hex, { percent }: Candidate, copy: number): Admission => (copyRank(id, copy) < percent ? 'in' : 'outside')

const percentRules: Record<ClientRow['percent'], Admit> = {
  held: () => 'held',
  cohort: ({ id }, { percent }, { cohort }) => (cohort?.isWellFormed() === true && cohortOf(id, cohort) < percent ? 'in' : 'outside'),
  // electron-updater AppUpdater.isStagingMatch: last 4 bytes, big endian; those outside see no update at all.
  electron: (_entry, { percent }, { cohort }) => (uuidShare(cohort, 'big') < percent / 100 ? 'in' : 'nothing'),
  // Squirrel.Windows ReleaseEntry: 4 bytes from byte 12, little endian; those outside see the lines before.
  squirrel: (_entry, { percent }, { cohort }) => (uuidShare(cohort, 'little') < percent / 100 ? 'in' : 'outside'),
  phased,
}

// Sparkle SUPhasedUpdateGroupInfo: group g of seven waits g intervals; without an interval the item is held until 100.
function phased({ release }: OfferedRelease, { since }: Candidate, { cohort, now }: Install): Admission {
  const seconds = release.feeds.find(feed => feed.id === 'sparkle')?.options['phasedRolloutInterval']
  if (typeof seconds !== 'number') return 'held'
  const group = /^[0-6]$/.test(cohort ?? '') ? Number(cohort) : 6
  return Date.parse(now ?? since) - Date.parse(since) >= group * seconds * 1000 ? 'in' : 'outside'
}

// 0 to 1 from the last four bytes of a UUID; above everything where it is none.
const uuidShare = (cohort: string | undefined, endian: 'big' | 'little'): number => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}([0-9a-f]{8})$/i.exec(cohort ?? '')?.[1]
  if (uuid === undefined) return 2
  const bytes = uuid.match(/../g) as string[]
  return Number.parseInt((endian === 'big' ? bytes : bytes.toReversed()).join(''), 16) / 0xffffffff
}
