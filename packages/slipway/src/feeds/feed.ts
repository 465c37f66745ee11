// The feed contract: the index and one channel's state -> an updater's files, a pure rendering (CONTRACTS 4, TRUST 3 and 6).
import * as z from 'zod'
import { candidatesFor, matchesTarget, parseTarget } from '@slipway/core'
import type { ChannelState, Json, Problem, Release, Role, Target, Where } from '@slipway/core'
import type { Shape, Unit } from '../unit.ts'

const common = {
  targets: z
    .array(z.string())
    .readonly()
    .optional()
    .describe('Targets that it serves; default: every target of the config that the client knows'),
  use: z.array(z.string()).readonly().optional().describe('Packages that it names, by id; default: all that the client can install'),
}
type Common = typeof common
type Options<S extends Shape> = z.output<z.ZodObject<Common & S>>

export type Os = 'macos' | 'windows' | 'linux'
/** What one channel shows, with the releases that its state names. */
export interface FeedView {
  readonly app: string
  readonly channel: string
  /** n and at of the channel stand inside every head, so that a late write is seen (TRUST 4). */
  readonly state: ChannelState
  /** Offered to everybody; null: nothing yet. */
  readonly current: Release | null
  /** Null while the channel is halted. */
  readonly candidate: { readonly release: Release; readonly percent: number; readonly since: string } | null
  /** The targets that this feed serves, of both releases together. */
  readonly targets: readonly Target[]
  /** Public URL of the bucket's base, ending in a slash. */
  readonly base: string
}
export interface FeedFile {
  /** Key below the base, as `feeds/stable/tauri/latest.json`. */
  readonly path: string
  readonly bytes: Uint8Array
  /** true: mutable, swapped in settle. false: a part, created before. */
  readonly head: boolean
  /** Id of the signer that must sign it. */
  readonly sign?: string
}
/** A system for which the config makes nothing that the client installs. */
export interface Lack {
  /** Its name, as `macOS`. */
  readonly system: string
  /** Package kinds that the client installs there, and those that the config makes: for people. */
  readonly installs: string
  readonly made: string
  /** The kind to add. */
  readonly first: string
  readonly where: Where
  readonly targets: readonly Target[]
}
export interface Render<S extends Shape> {
  /** Package kinds that the client installs, best first, by system. */
  readonly serves: Readonly<Partial<Record<Os, readonly string[]>>>
  /** Head file names -> the targets that each covers. */
  readonly heads: (targets: readonly Target[], options: Options<S>) => Readonly<Record<string, readonly Target[]>>
  /** Signer ids that each named package needs, as minisign for Tauri. */
  readonly needs?: readonly string[]
  /** The client knows no percent: a candidate is not shown to it before 100 (TRUST 6). */
  readonly holds?: true
  /** What `percent` means for this client, in words for the plan. */
  readonly percent: string
  /** Refuses (fails) when a target, a package or a signature is missing: `<feed>/incomplete`, exit refused. */
  readonly render: (view: FeedView, options: Options<S>) => readonly FeedFile[]
  readonly check?: (targets: readonly Target[], options: Options<S>) => readonly Problem[]
  /** `<feed>/no-package`: found in the config, before anything is built. */
  readonly noPackage: (lack: Lack) => Problem
}

export const feed = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Render<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
})
export type AnyFeed = Unit & Render<Shape>

/** Of an artifact, planned or made: what decides whether a feed can name it. */
export interface Choosable {
  readonly kind: string
  readonly target: Target
  readonly role: Role
}
type Serving = Pick<AnyFeed, 'serves'>
type Narrowing = Readonly<Record<string, unknown>>
interface Choosing {
  readonly feed: Serving
  readonly options: Narrowing
}

/** The config's targets that this feed serves: those whose system it knows, narrowed by its option `targets`. */
export const servedTargets = (feed: Serving, options: Narrowing, targets: readonly Target[]): readonly Target[] => {
  const only = options['targets'] as readonly string[] | undefined
  return targets.filter(
    target => kindsFor(feed, options, target).length > 0 && (only === undefined || only.some(one => matchesTarget(one, target))),
  )
}

/** What must be there, or the feed is incomplete: for each served target at least one package of these kinds. */
export const requiredPairs = (
  feed: Serving,
  options: Narrowing,
  targets: readonly Target[],
): readonly { readonly target: Target; readonly kinds: readonly string[] }[] =>
  servedTargets(feed, options, targets).map(target => ({ target, kinds: kindsFor(feed, options, target) }))

/** The packages that a feed names for a target, in the order of `serves`: of each kind the exact target, else universal and any. */
export const chosenFor = <A extends Choosable>({ feed, options }: Choosing, target: Target, artifacts: readonly A[]): readonly A[] => {
  const candidates = candidatesFor(target).filter(one => one === target || /(^|-)(universal|any)$/.test(one))
  return kindsFor(feed, options, target).flatMap(kind => {
    const fitting = candidates.flatMap(one =>
      artifacts.filter(artifact => artifact.kind === kind && artifact.target === one && artifact.role !== 'metadata'),
    )
    return fitting.slice(0, 1)
  })
}

const kindsFor = (feed: Serving, options: Narrowing, target: Target): readonly string[] => {
  const os = parseTarget(target)?.os
  const known = os === undefined || os === 'any' ? [] : (feed.serves[os] ?? [])
  const use = options['use'] as readonly string[] | undefined
  return use === undefined ? known : known.filter(kind => use.includes(kind))
}

/** The options with which a release is rendered to a feed; null: it is not. */
export const useOf = (id: string, release: Release): Readonly<Record<string, Json>> | null =>
  release.feeds.find(one => one.id === id)?.options ?? null

/** The targets that a release promised to a feed: `plan` writes them down, an adopted release is taken as it is. */
export const promisedTargets = (feed: Serving & { readonly id: string }, release: Release): readonly Target[] => {
  const options = useOf(feed.id, release)
  if (options === null) return []
  const named = ((options['targets'] as readonly string[] | undefined) ?? []).filter(one => parseTarget(one) !== undefined)
  return servedTargets(feed, options, [...new Set([...named, ...release.artifacts.map(artifact => artifact.target)])].sort())
}
