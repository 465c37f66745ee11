// The project: the config of one repository, filled, checked and frozen; what every command starts from.
import type { App, Hex, Problem, Target, Where } from '@slipway/core'

export interface ChosenUnit {
  readonly id: string
  /** Whole options: defaults filled. */
  readonly options: Readonly<Record<string, unknown>>
}
/** One step of a rollout: `'5% 1d'` stays a day at 5 %, `'5%'` until someone moves it. */
export interface RolloutStep {
  readonly percent: number
  readonly stayMs: number | null
}
export interface ChannelPolicy {
  /** Ids of checks; `null` in the config means every configured check. */
  readonly requires: readonly string[]
  readonly signoffs: number
  /** Ends in 100 %; `[{ percent: 100, stayMs: null }]` without a rollout. */
  readonly rollout: readonly RolloutStep[]
  readonly unsigned: boolean
  readonly freeze: readonly string[]
}
/** A value that was found or derived, and where it came from: printed by `plan` (CONFIG 1.1). */
export interface Choice {
  readonly path: string
  readonly value: unknown
  readonly from: string
}
export interface AppSettings {
  readonly app: App
  /** '' with one app, '<key>/' with several. */
  readonly base: string
  readonly targets: readonly Target[]
  readonly build: readonly ChosenUnit[]
  readonly packages: readonly ChosenUnit[]
  readonly sign: readonly ChosenUnit[]
  /** Signers that the config switched off on purpose. */
  readonly unsigned: readonly string[]
  readonly checks: readonly ChosenUnit[]
  readonly feeds: readonly ChosenUnit[]
  readonly channels: Readonly<Record<string, ChannelPolicy>>
  readonly trust: {
    /** Absolute folder of the public halves. */
    readonly folder: string
    /** Absolute path of the keyring file. */
    readonly keyring: string
    /** Other sources of `release` and `live`, as references. */
    readonly release?: string
    readonly live?: string
    readonly freshnessMs: number
    readonly keep: number
  }
  readonly hooks: Readonly<Record<string, readonly string[]>>
  /** Absolute folder of this version's packages: `<out>/<version>` or `<out>/<app>/<version>`. */
  readonly out: string
  /** Absolute folder of the audit trail of this app. */
  readonly evidence: string
}
export interface Project {
  /** Absolute folder that holds the config. */
  readonly root: string
  readonly configFile: string
  readonly profile: 'release' | 'dev'
  readonly apps: readonly AppSettings[]
  readonly store: ChosenUnit
  /** sha256 of the filled, frozen tree (paths of this machine left out). */
  readonly configDigest: Hex
  /** Repository -> commit; empty without git. `*-dirty` is never written: see `dirty`. */
  readonly commits: Readonly<Record<string, string>>
  readonly dirty: boolean
  /** Seconds since 1970 (CONTRACTS 7), null: none found, `plan` refuses. */
  readonly date: number | null
  readonly chosen: readonly Choice[]
  /** Open questions: each is an error of `plan` and of what follows. */
  readonly questions: readonly Problem[]
  /** slipway.lock: fetched input -> pinned integrity. */
  readonly locked: Readonly<Record<string, string>>
  /** File, line and column of a config path. */
  readonly locate: (path: string) => Where
}
