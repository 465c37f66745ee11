// Renews the pointer, key `live`; the documents below it too, where they would expire before it: the index needs `release` (TRUST 2, Expiry).
import { fail } from '@slipway/core'
import type { Io } from '../io/io.ts'
import type { Key } from '../keys/key.ts'
import type { Bucket } from '../stores/store.ts'
import { readState } from './state.ts'
import type { CommittedState } from './state.ts'
import { turn } from './turn.ts'

export interface Refresh {
  readonly io: Io
  readonly bucket: Bucket
  readonly root: Uint8Array
  readonly live: Key
  /** Where it is at hand. */
  readonly release?: Key
  readonly freshnessMs: number
  readonly signal: AbortSignal
}

/** `publish/nothing-there`; `publish/index-expired` (exit 4) when only the absent key `release` could make the bucket valid again. */
export const refreshPointer = async (job: Refresh): Promise<CommittedState> => {
  const { documents } = await readState(job.bucket, job.root)
  if (documents === null)
    return fail('publish/nothing-there', 'Nothing was ever published here', { hint: 'Run `slipway release` first.', exit: 'refused' })
  if (job.release === undefined && documents.targets.expiresMs <= job.io.clock.now())
    fail(
      'publish/index-expired',
      `The index expired at ${new Date(documents.targets.expiresMs).toISOString()}, and the key \`release\` is not at hand`,
      {
        hint: 'Run `slipway publish --refresh` where the whole keyring is.',
        exit: 'machine',
      },
    )
  return turn({ ...job, renew: true, change: state => state })
}
