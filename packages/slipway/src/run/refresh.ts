// Renews the pointer: the same snapshot, a later expiry, one object, key `live` (TRUST 2, Expiry).
import { fail, pointer } from '@slipway/core'
import { parseMetadata } from '@slipway/formats/tuf/metadata'
import { makeTimestamp, signMetadata } from '@slipway/formats/tuf/write'
import type { Io } from '../io/io.ts'
import type { Key } from '../keys/key.ts'
import type { Bucket } from '../stores/store.ts'
import { readObject } from './objects.ts'
import { readState } from './state.ts'

export interface Refresh {
  readonly io: Io
  readonly bucket: Bucket
  readonly root: Uint8Array
  readonly live: Key
  readonly freshnessMs: number
}

/** Another writer who is first has refreshed it too: then it is tried once more on top of theirs. */
export const pointerRefresh = async (job: Refresh): Promise<{ readonly serial: number; readonly expires: string }> => {
  for (;;) {
    const { tag } = await readState(job.bucket, job.root)
    const head = await readObject(job.bucket, pointer)
    if (tag === null || head === null)
      return fail('publish/nothing-there', 'Nothing was ever published here', { hint: 'Run `slipway release` first.', exit: 'refused' })
    const before = parseMetadata('timestamp', head.bytes).signed
    const expires = new Date(job.io.clock.now() + job.freshnessMs)
    const next = makeTimestamp({ version: before.version + 1, expires, snapshot: before.meta['snapshot.json'] })
    if (head.tag === tag && (await job.bucket.swap(pointer, await signMetadata(next, [job.live]), tag)))
      return { serial: next.version, expires: next.expires }
  }
}
