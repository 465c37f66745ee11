// The index: which releases exist and which channels admit them (TRUST 3). It is the `custom` of TUF targets.
import type { ChannelState } from './channel.ts'
import type { Hex } from './digest.ts'

/** `custom` of the target `releases/<version>/release.json`. */
export interface IndexEntry {
  readonly version: string
  /** The only channels it may be chosen for -> digest of its gate evidence (null: adopted release). */
  readonly admit: Readonly<Record<string, Hex | null>>
  /** Never offered again, wherever a channel points; the reason. */
  readonly yanked?: string
}

/** The index and the channels as one verified state. */
export interface BucketState {
  readonly releases: Readonly<Record<string, IndexedRelease>>
  readonly channels: Readonly<Record<string, ChannelState>>
}
export interface IndexedRelease extends IndexEntry {
  /** sha256 of release.json: the release's id. */
  readonly id: Hex
  readonly sizeBytes: number
}
