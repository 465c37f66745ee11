// The artifact: one immutable file of a release (CONTRACTS 3). Signing makes a new one, nothing changes one.
import type { Hex } from './digest.ts'
import type { Json } from './canonical.ts'
import type { Target } from './target.ts'

export type Role = 'install' | 'update' | 'both' | 'metadata'

export interface Artifact {
  /** File name without any folder. */
  readonly file: string
  /** Id of the packager that made it. */
  readonly kind: string
  readonly target: Target
  readonly role: Role
  readonly sizeBytes: number
  readonly sha256: Hex
  readonly sha512: Hex
  readonly sha1: Hex
  readonly md5: Hex
  /** sha256 of what it was made from, sorted. */
  readonly from: readonly Hex[]
  readonly signed: 'no' | 'ad-hoc' | 'yes'
  /** Detached signatures by signer id: minisign = the four lines of the .minisig file. */
  readonly signatures: Readonly<Record<string, string>>
  /** Written by the packager, so that a feed never opens a package. */
  readonly facts: Readonly<Record<string, Json>>
  readonly labels: readonly string[]
  readonly features: readonly string[]
}
