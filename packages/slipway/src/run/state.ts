// The committed state of a bucket, read and verified as a TUF client would (TRUST 4, step 1 of a turn).
import { fail, parseChannelState, parseIndexEntry, pointer } from '@slipway/core'
import type { BucketState, Json } from '@slipway/core'
import { update } from '@slipway/formats/tuf/client'
import type { TrustedState } from '@slipway/formats/tuf/client'
import type { MetaFile, Targets } from '@slipway/formats/tuf/metadata'
import type { BucketReader } from '../stores/store.ts'
import { readObject } from './objects.ts'

/** A committed document, as the one above it states it, and until when it holds. */
export interface CommittedDocument {
  readonly meta: MetaFile
  readonly expiresMs: number
}
export interface CommittedState extends BucketState {
  /** Tag of the pointer as read; null: nothing was ever committed. */
  readonly tag: string | null
  /** Versions of the committed documents; 0: none. */
  readonly versions: { readonly targets: number; readonly channels: number; readonly snapshot: number; readonly timestamp: number }
  /** Null: nothing was ever committed. */
  readonly documents: Readonly<Record<'targets' | 'channels' | 'snapshot', CommittedDocument>> | null
  /** When the pointer was last signed for; ISO 8601. */
  readonly expires: string | null
}

const empty: CommittedState = {
  tag: null,
  releases: {},
  channels: {},
  versions: { targets: 0, channels: 0, snapshot: 0, timestamp: 0 },
  documents: null,
  expires: null,
}

/**
 * Reads pointer, snapshot, index and channels. Expiry is not judged here: the next signature heals it (TRUST 2).
 * What does not verify is `turn/bad-state` (exit 5): a publisher never builds on a state that a client would refuse.
 */
export const readState = async (bucket: BucketReader, root: Uint8Array): Promise<CommittedState> => {
  const head = await readObject(bucket, pointer)
  if (head === null) return empty
  let last = pointer
  const fetch = async (name: string): Promise<Uint8Array | undefined> => {
    if (name === 'timestamp.json') return head.bytes
    const found = await readObject(bucket, `tuf/${name}`)
    if (found !== null || !name.endsWith('.root.json')) last = `tuf/${name}`
    return found?.bytes
  }
  try {
    return committed(head.tag, await update({ fetch, now: new Date(0), trusted: { root } }))
  } catch (error) {
    return fail('turn/bad-state', `${last} does not verify`, {
      hint: 'Run `slipway verify`: it names every damaged object and how to mend it.',
      where: { object: last },
      exit: 'corrupt',
      cause: error,
    })
  }
}

const committed = (tag: string, { timestamp, snapshot, targets, delegated }: TrustedState): CommittedState => {
  const channels = delegated['channels']
  const document = (meta: MetaFile | undefined, expires: string | undefined): CommittedDocument => ({
    meta: meta ?? { version: 0 },
    expiresMs: Date.parse(expires ?? new Date(0).toISOString()),
  })
  const { meta } = snapshot.signed
  return {
    tag,
    ...decoded(targets.signed, channels?.signed ?? null),
    versions: {
      targets: targets.signed.version,
      channels: channels?.signed.version ?? 0,
      snapshot: snapshot.signed.version,
      timestamp: timestamp.signed.version,
    },
    documents: {
      targets: document(meta['targets.json'], targets.signed.expires),
      channels: document(meta['channels.json'], channels?.signed.expires),
      snapshot: document(timestamp.signed.meta['snapshot.json'], snapshot.signed.expires),
    },
    expires: timestamp.signed.expires,
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
