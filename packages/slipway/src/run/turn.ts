// A turn: the one way to change what is committed (TRUST 4). Documents first, each under a new name, then the pointer by compare-and-swap.
import { createHash } from 'node:crypto'
import { assertPortable, canonical, fail, metadataKey, pointer, releaseRecord } from '@slipway/core'
import type { BucketState, ChannelState, IndexedRelease, Json } from '@slipway/core'
import { ed25519Key, parseMetadata } from '@slipway/formats/tuf/metadata'
import type { MetaFile, Root, TargetFile } from '@slipway/formats/tuf/metadata'
import { makeSnapshot, makeTargets, makeTimestamp, signMetadata } from '@slipway/formats/tuf/write'
import type { Io } from '../io/io.ts'
import type { Key } from '../keys/key.ts'
import type { Bucket } from '../stores/store.ts'
import { createBytes, readObject } from './objects.ts'
import { readState } from './state.ts'
import type { CommittedState } from './state.ts'

const dayMs = 86_400_000
const documentDays = 400
const mostTurns = 1_000

export interface Turn {
  readonly bucket: Bucket
  readonly io: Io
  /** Bytes of trust/root.json. */
  readonly root: Uint8Array
  readonly live: Key
  /** Needed when the index changes. */
  readonly release?: Key
  readonly freshnessMs: number
  readonly signal?: AbortSignal
  /** Pure: the committed state -> the wanted one, or the same object when there is nothing to do. May refuse by throwing. */
  readonly change: (state: BucketState, now: string) => BucketState
}

/** Commits a change; tries again when another writer was first. Returns what is committed now. */
export const turn = async (job: Turn): Promise<CommittedState> => {
  for (let turns = 0; turns < mostTurns; turns += 1) {
    job.signal?.throwIfAborted()
    const before = await readState(job.bucket, job.root)
    const wanted = job.change(before, new Date(job.io.clock.now()).toISOString())
    if (wanted === before) return before
    if (await commit(job, before, wanted)) return readState(job.bucket, job.root)
  }
  return fail('turn/busy', `The pointer changed under us ${mostTurns} times`, {
    hint: 'Stop the other publishers, then run the command again.',
    exit: 'refused',
  })
}

const commit = async (job: Turn, before: CommittedState, wanted: BucketState): Promise<boolean> => {
  if (before.tag === null) await createBytes(job.bucket, metadataKey(1, 'root'), job.root)
  const index = wanted.releases === before.releases ? before.meta?.['targets.json'] : await writeIndex(job, before, wanted.releases)
  const channels = await writeChannels(job, before, wanted.channels)
  const snapshot = await create(job, { role: 'snapshot', last: before.versions.snapshot }, (version, expires) =>
    signMetadata(makeSnapshot({ version, expires, meta: { 'targets.json': index as MetaFile, 'channels.json': channels } }), [
      signerOf(job, 'live'),
    ]),
  )
  const expires = new Date(job.io.clock.now() + job.freshnessMs)
  const timestamp = makeTimestamp({ version: before.versions.timestamp + 1, expires, snapshot })
  const bytes = await signMetadata(timestamp, [signerOf(job, 'live')])
  if (await job.bucket.swap(pointer, bytes, before.tag)) return true
  // The acknowledgement may be lost: what counts is what stands there.
  const there = await readObject(job.bucket, pointer)
  return there !== null && Buffer.compare(there.bytes, bytes) === 0
}

const writeIndex = (job: Turn, before: CommittedState, releases: Readonly<Record<string, IndexedRelease>>): Promise<MetaFile> => {
  const targets = Object.fromEntries(
    Object.values(releases).map(({ id, sizeBytes, ...custom }) => [
      releaseRecord(custom.version),
      target(custom as unknown as Json, id, sizeBytes),
    ]),
  )
  const live = ed25519Key(job.live.public)
  return create(job, { role: 'targets', last: before.versions.targets }, (version, expires) => {
    const delegations = [{ name: 'channels', keys: [live], threshold: 1, terminating: true, paths: ['channels/*'] }]
    return signMetadata(makeTargets({ version, expires, targets, delegations }), [signerOf(job, 'release')])
  })
}

const writeChannels = (job: Turn, before: CommittedState, channels: Readonly<Record<string, ChannelState>>): Promise<MetaFile> => {
  const targets = Object.fromEntries(
    Object.entries(channels).map(([name, state]) => {
      const bytes = new TextEncoder().encode(canonical(state as unknown as Json))
      return [`channels/${name}`, target(state as unknown as Json, createHash('sha256').update(bytes).digest('hex'), bytes.length)]
    }),
  )
  return create(job, { role: 'channels', last: before.versions.channels }, (version, expires) =>
    signMetadata(makeTargets({ version, expires, targets }), [signerOf(job, 'live')]),
  )
}

const target = (custom: Json, sha256: string, length: number): TargetFile => {
  assertPortable(custom)
  return { length, hashes: { sha256 }, custom: custom as never }
}

/** Creates `tuf/<n>.<role>.json` under the next free number: a taken one is skipped, TUF wants rising, not gapless. */
interface Next {
  readonly role: 'targets' | 'channels' | 'snapshot'
  /** The committed version. */
  readonly last: number
}

const create = async (
  job: Turn,
  { role, last }: Next,
  make: (version: number, expires: Date) => Promise<Uint8Array>,
): Promise<MetaFile> => {
  const expires = new Date(job.io.clock.now() + documentDays * dayMs)
  for (let version = last + 1; ; version += 1) {
    const bytes = await make(version, expires)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const object = {
      bytes: async function* () {
        yield bytes
      },
      sizeBytes: bytes.length,
      sha256,
    }
    if ((await job.bucket.create(metadataKey(version, role), object)) === 'created')
      return { version, length: bytes.length, hashes: { sha256 } }
  }
}

const signerOf = (job: Turn, role: 'release' | 'live'): { keyId: string; sign: (bytes: Uint8Array) => Promise<Uint8Array> } => {
  const key = role === 'live' ? job.live : job.release
  if (key === undefined)
    return fail('turn/no-key', 'The index changes, and the key `release` is not at hand', {
      hint: 'This is a fault of Slipway; please report it.',
      exit: 'bug',
    })
  const root: Root = parseMetadata('root', job.root).signed
  const trusted = root.roles[role === 'live' ? 'timestamp' : 'targets'].keyids
  if (!trusted.includes(key.keyId))
    fail(
      'keys/not-trusted',
      `The key at hand for ${role} is ${key.keyId.slice(0, 12)}, and trust/root.json names ${trusted.map(id => id.slice(0, 12)).join(', ')}`,
      {
        hint: 'Use the keyring that belongs to this trust folder (trust.keyring, SLIPWAY_KEYS), or the trust folder that belongs to this keyring.',
        exit: 'machine',
      },
    )
  return { keyId: key.keyId, sign: key.sign }
}
