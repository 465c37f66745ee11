// The plan: what will happen, as data (CONTRACTS 6). Its digest leaves out what was observed.
import type { Json } from './canonical.ts'
import type { Hex } from './digest.ts'
import type { Role } from './artifact.ts'
import type { FeedUse } from './release.ts'
import type { Target } from './target.ts'

export interface Effect {
  readonly store: string
  /** Key in the bucket below `<base>`; `<n>` stands for the next free number, `*` for a digest. */
  readonly key: string
  readonly mode: 'create' | 'swap'
  /** How many objects a pattern stands for; 1 unless said. */
  readonly count?: number
}
export interface Step {
  /** Unique; `<stage>:<…>`, as `package:linux-x64:deb`. */
  readonly id: string
  /** `<kind>/<unit>`, as `packagers/deb`, or `publish/turn`. */
  readonly unit: string
  readonly app: string
  readonly target?: Target
  readonly options: Readonly<Record<string, Json>>
  /** Ids of the steps that must have ended. */
  readonly needs: readonly string[]
  /** Names of files that it makes. */
  readonly makes: readonly string[]
  readonly effects: readonly Effect[]
  readonly irreversible: boolean
}
export interface PlannedArtifact {
  readonly file: string
  readonly kind: string
  readonly target: Target
  readonly role: Role
  readonly signatures: readonly string[]
  readonly labels: readonly string[]
}
export interface PlannedFeed extends FeedUse {
  /** Head keys in the bucket -> the artifact files that it names. */
  readonly heads: Readonly<Record<string, readonly string[]>>
}
export interface PlannedApp {
  readonly app: string
  readonly version: string
  readonly channel: string
  /** 1 to 100: the first step of the channel's rollout. */
  readonly percent: number
  readonly artifacts: readonly PlannedArtifact[]
  readonly feeds: readonly PlannedFeed[]
  readonly objects: readonly Effect[]
}
export interface PlannedSecret {
  readonly ref: string
  readonly for: readonly string[]
  readonly optional: boolean
}
export interface PlanBody {
  readonly schema: 'slipway.plan-file/1'
  readonly profile: 'release' | 'dev'
  /** Digest of the filled, frozen config. */
  readonly config: Hex
  /** Where it publishes to. */
  readonly store: { readonly id: string; readonly place: string; readonly url: string }
  readonly apps: readonly PlannedApp[]
  readonly steps: readonly Step[]
  readonly secrets: readonly PlannedSecret[]
  /** Repository -> commit. */
  readonly sources: Readonly<Record<string, string>>
  readonly tools: readonly string[]
}
