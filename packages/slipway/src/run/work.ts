// What a run has made so far for one app, and what its steps need: settings, cache, keys, bucket.
import { fail } from '@slipway/core'
import type { Artifact, Hex, PlanBody, PlannedApp, Release, Target } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import type { Key } from '../keys/key.ts'
import type { Bucket } from '../stores/store.ts'
import type { FileTree } from '../tree.ts'
import type { Cache, Digests } from './cache.ts'
import type { Deflating } from './deflated.ts'
import type { ReadDraft } from './draft.ts'

/** A package that was made, before and after it was signed. */
export interface Made {
  /** Signatures are filled in by the sign steps. Its other digests: `digests`. */
  readonly artifact: Omit<Artifact, 'sha512' | 'sha1' | 'md5'>
  /** They take as long as quick packing does, and only a release names them. */
  readonly digests: () => Promise<Digests>
  /** Absolute path of its bytes in the cache. */
  readonly path: string
}
export interface Keys {
  readonly root: () => Promise<{ readonly public: Uint8Array; readonly keyId: string }>
  readonly role: (role: 'release' | 'live') => Promise<Key>
  /** The key of a signer, from its own options or the keyring. */
  readonly signer: (id: string, options: Readonly<Record<string, unknown>>) => Promise<Key>
}
/** One statement of the audit folder: its file name, bytes and digest. */
export interface EvidenceFile {
  readonly file: string
  readonly bytes: Uint8Array
  readonly sha256: Hex
}
export interface RunContext {
  readonly io: Io
  readonly project: Project
  readonly plan: PlanBody
  readonly planDigest: Hex
  readonly run: string
  readonly version: string
  readonly code: Hex
  readonly cache: Cache
  readonly deflated: Deflating
  readonly signal: AbortSignal
}
/** Filled step by step; each member is written by one step and read by later ones. */
export interface Work extends RunContext {
  readonly settings: AppSettings
  readonly planned: PlannedApp
  readonly keys: Keys
  readonly bucket: () => Promise<Bucket>
  /** `n` of the channel when the plan was made; a halt since then stops the publisher (TRUST 1, rule 6). */
  readonly basis: number
  readonly date: number
  readonly trees: Map<Target, FileTree>
  /** Trees that a unit shaped, by the id of its step. */
  readonly shaped: Map<string, FileTree>
  readonly made: Map<string, Made>
  release: Release | undefined
  /** The draft that was there when it was decided whose bytes count; another one since then is another publisher's. */
  draft: ReadDraft | null
  sums: Readonly<Record<string, Uint8Array>> | undefined
  readonly evidence: Map<string, EvidenceFile>
  /** Digest of the gate's verdict for the planned channel. */
  verdict: Hex | undefined
  /** Looks at the bucket as its clients do; given by the command, so that run knows nothing of verify. */
  readonly verifyOutside: () => Promise<void>
}

/** A result that an earlier step must have left; missing means our own order of steps is wrong (exit 70). */
export const need = <T>(value: T | undefined, what: string): T =>
  value ?? fail('run/no-result', `No ${what} has been made yet`, { hint: 'This is a fault of Slipway; please report it.', exit: 'bug' })
