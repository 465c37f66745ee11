// The index: which releases exist and which channels admit them (TRUST 3). It is the `custom` of TUF targets.
import type { Json } from './canonical.ts'
import type { ChannelState } from './channel.ts'
import { isSha256 } from './digest.ts'
import type { Hex } from './digest.ts'
import { fail } from './error.ts'
import type { Where } from './error.ts'
import { isOneLine } from './plain-text.ts'
import { safeChannelName } from './places.ts'
import { complaintOf, fields, nullable, record, text } from './shape.ts'
import { parseVersion } from './version.ts'

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

/** Reads an entry of the index; fields that a later version added are left alone. Throws `release-index/bad-entry` (exit 5). */
export const parseIndexEntry = (json: Json, where: Where = {}): IndexEntry => {
  const complaint = complaintOf(entryShape, json)
  return complaint === undefined
    ? (json as unknown as IndexEntry)
    : fail('release-index/bad-entry', `This is no entry of a release index. ${complaint}.`, {
        hint: 'Run slipway verify.',
        where,
        exit: 'corrupt',
      })
}

const entryShape = fields({
  closed: false,
  required: {
    version: text('a SemVer version', value => parseVersion(value) !== undefined),
    admit: record(nullable(text('a SHA-256 digest', isSha256)), safeChannelName),
  },
  optional: { yanked: text('one line of text', isOneLine) },
})
