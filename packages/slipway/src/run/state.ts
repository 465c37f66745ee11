// The committed state of a bucket, read and verified as a TUF client would (TRUST 4, step 1 of a turn).
import { fail, parseChannelState, parseIndexEntry, pointer } from '@slipway/core'
import type { BucketState, Json } from '@slipway/core'
import { update } from '@slipway/formats/tuf/client'
import type { Targets } from '@slipway/formats/tuf/metadata'
import type { BucketReader } from '../stores/store.ts'
import { readObject } from './objects.ts'

export interface CommittedState extends BucketState {
  /** Tag of the pointer as read; null: nothing was ever committed. */
  readonly tag: string | null
  /** Versions of the committed documents; 0: none. */
  readonly versions: { readonly targets: number; readonly channels: number; readonly snapshot: number; readonly timestamp: number }
  readonly index: Targets | null
  readonly channelTargets: Targets | null
  /** sha256 and length of the committed targets and channels documents. */
  readonly meta: Readonly<
    Record<
      'targets.json' | 'channels.json',
      { readonly version: number; readonly length?: number; readonly hashes?: Readonly<Record<string, string>> }
    >
  > | null
}

const empty: CommittedState = {
  tag: null,
  releases: {},
  channels: {},
  versions: { targets: 0, channels: 0, snapshot: 0, timestamp: 0 },
  index: null,
  channelTargets: null,
  meta: null,
}

/**
 * Reads pointer, snapshot, index and channels. Expiry is not judged here: the next signature heals it (TRUST 2).
 * What does not verify is `turn/bad-state` (exit 5): a publisher never builds on a state that a client would refuse.
 */
export const readState = async (bucket: BucketReader, root: Uint8Array): Promise<CommittedState> => {
  const head = await readObject(bucket, pointer)
  if (head === null) return empty
  const fetch = async (name: string): Promise<Uint8Array | undefined> =>
    name === 'timestamp.json' ? head.bytes : (await readObject(bucket, `tuf/${name}`))?.bytes
  try {
    const found = await update({ fetch, now: new Date(0), trusted: { root } })
    const channels = found.delegated['channels']
    const meta = found.snapshot.signed.meta
    return {
      tag: head.tag,
      ...decoded(found.targets.signed, channels?.signed ?? null),
      versions: {
        targets: found.targets.signed.version,
        channels: channels?.signed.version ?? 0,
        snapshot: found.snapshot.signed.version,
        timestamp: found.timestamp.signed.version,
      },
      index: found.targets.signed,
      channelTargets: channels?.signed ?? null,
      meta: { 'targets.json': meta['targets.json'], 'channels.json': meta['channels.json'] ?? { version: 0 } },
    }
  } catch (error) {
    return fail('turn/bad-state', `What ${pointer} leads to does not verify`, {
      hint: 'Run `slipway verify` to see every damaged object; nothing was written.',
      where: { object: pointer },
      exit: 'corrupt',
      cause: error,
    })
  }
}

const decoded = (index: Targets, channels: Targets | null): BucketState => ({
  releases: Object.fromEntries(
    Object.values(index.targets).map(target => {
      const entry = parseIndexEntry((target.custom ?? null) as Json)
      return [entry.version, { ...entry, id: target.hashes['sha256'] ?? '', sizeBytes: target.length }]
    }),
  ),
  channels: Object.fromEntries(
    Object.entries(channels?.targets ?? {}).map(([path, target]) => [
      path.slice('channels/'.length),
      parseChannelState((target.custom ?? null) as Json, { object: path }),
    ]),
  ),
})
