// The release: an immutable record of one version and its artifacts (TRUST 3). Its id is the sha256 of its RFC 8785 form.
import type { Artifact } from './artifact.ts'
import type { Json } from './canonical.ts'
import type { Hex } from './digest.ts'

export interface PublicKeyRecord {
  /** `ed25519` or the client's own word. */
  readonly type: string
  readonly keyId: string
  /** As the client wants it: minisign = the two lines of the .pub file, root = hex of the key. */
  readonly public: string
}

export interface Release {
  readonly schema: 'slipway.release-record/1'
  readonly app: string
  readonly version: string
  /** `date` in seconds: never falls. */
  readonly build: number
  readonly profile: 'release' | 'dev' | 'adopted'
  /** ISO 8601, UTC, whole seconds: of the commit, never of the machine. */
  readonly date: string
  readonly from: { readonly commits: Readonly<Record<string, string>>; readonly config: Hex; readonly inputs: Hex }
  /** Absolute URL of the folder of its files, ending in a slash. */
  readonly at: string
  readonly notes: string
  /** Sorted by file. */
  readonly artifacts: readonly Artifact[]
  /** What an installed copy of it trusts: root, minisign, … */
  readonly accepts: Readonly<Record<string, PublicKeyRecord>>
  readonly feeds: readonly FeedUse[]
  readonly reissueOf?: string
}

/** A feed that this release is rendered to, with whole options. */
export interface FeedUse {
  readonly id: string
  readonly options: Readonly<Record<string, Json>>
}
