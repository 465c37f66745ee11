// A turn: the one way to change what is committed (TRUST 4). Documents first, each under a new name, then the pointer by compare-and-swap.
import { createHash } from 'node:crypto'
import { assertPortable, canonical, fail, metadataKey, pointer, releaseRecord } from '@slipway/core'
import type { BucketState, ChannelState, IndexedRelease, Json } from '@slipway/core'
import { ed25519Key, parseMetadata } from '@slipway/formats/tuf/metadata'
import type { Root, TargetFile } from '@slipway/formats/tuf/metadata'
import { makeSnapshot, makeTargets, makeTimestamp, signMetadata } from '@slipway/formats/tuf/write'
import type { Io } from '../io/io.ts'
import type { Key } from '../keys/key.ts'
import type { Bucket } from '../stores/store.ts'
import { notTrusted } from './key-check.ts'
import { createBytes, readObject } from './objects.ts'
import { readState } from './state.ts'
import type { CommittedDocument, CommittedState } from './state.ts'

const dayMs = 86_400_000
const documentDays = 400
const mostTurns = 1_000

export interface Turn {
  readonly bucket: Bucket
  readonly io: Io
  /** Bytes of trust/root.json. */
  readonly root: Uint8Array
  readonly live: Key
  /** Needed when the index changes; where it is at hand, an index that expires before the pointer is renewed with it. */
  readonly release?: Key
  readonly freshnessMs: number
  readonly signal?: AbortSignal
  /** Signs the pointer anew although nothing changes: `publish --refresh`. */
  readonly renew?: boolean
  /** Pure: the committed state -> the wanted one, or the same object when there is nothing to do. May refuse by throwing. */
  readonly change: (state: BucketState, now: string) => BucketState
}

/** Commits a change; tries again when another writer was first. Returns what is committed now. */
export const turn = async (job: Turn): Promise<CommittedState> => {
  for (let turns = 0; turns < mostTurns; turns += 1) {
    job.signal?.throwIfAborted()
    const before = await readState(job.bucket, job.root)
    const now = new Date(job.io.clock.now()).toISOString()
    const wanted = job.change(before, now)
    if (wanted === before && job.renew !== true) return before
    if (!onlyHalts(before, wanted)) assertClock(before, now)
    if (await commit(job, before, wanted)) return readState(job.bucket, job.root)
  }
  return fail('turn/busy', `The pointer changed under us ${mostTurns} times`, {
    hint: 'Stop the other publishers, then run the command again.',
    exit: 'refused',
  })
}

/** A halt must never wait for a clock to be set. */
const onlyHalts = (before: BucketState, wanted: BucketState): boolean =>
  wanted !== before && Object.entries(wanted.channels).every(([name, state]) => state === before.channels[name] || state.halted !== null)

const skewMs = 5 * 60_000

/** A publisher whose clock is behind what was signed last would sign state that clients take for old (TRUST 4, Clock). */
const assertClock = (state: BucketState, now: string): void => {
  const last = Object.values(state.channels)
    .map(channel => channel.at)
    .sort()
    .at(-1)
  if (last === undefined || Date.parse(now) + skewMs >= Date.parse(last)) return
  fail('turn/clock-behind', `This machine's clock says ${now}, and the bucket was last changed at ${last}`, {
    hint: 'Set the clock of this machine, then run the command again.',
    exit: 'machine',
  })
}

/** What the new pointer leads to: documents are written again when they change, or would expire before it. */
const commit = async (job: Turn, before: CommittedState, wanted: BucketState): Promise<boolean> => {
  if (before.documents === null) await createBytes(job.bucket, metadataKey(1, 'root'), job.root)
  const nowMs = job.io.clock.now()
  const horizonMs = nowMs + job.freshnessMs
  const holds = (document: CommittedDocument | undefined): document is CommittedDocument =>
    document !== undefined && document.expiresMs >= horizonMs - 1000
  const old = before.documents
  const keepsIndex = wanted.releases === before.releases && (holds(old?.targets) || job.release === undefined)
  const keepsChannels = wanted.channels === before.channels && holds(old?.channels)
  const index = keepsIndex && old !== null ? old.targets : await writeIndex(job, before, wanted.releases)
  const channels = keepsChannels && old !== null ? old.channels : await writeChannels(job, before, wanted.channels)
  const keepsSnapshot = index === old?.targets && channels === old.channels && holds(old.snapshot)
  const snapshot = keepsSnapshot ? old.snapshot : await writeSnapshot(job, before, { index, channels })
  const endMs = Math.min(horizonMs, index.expiresMs, channels.expiresMs, snapshot.expiresMs)
  // An index that has run out is renewed by `release` alone; until then a halt must pass all the same.
  const expires = new Date(endMs > nowMs ? endMs : horizonMs)
  const timestamp = makeTimestamp({ version: before.versions.timestamp + 1, expires, snapshot: snapshot.meta })
  const bytes = await signMetadata(timestamp, [signerOf(job, 'live')])
  if (await job.bucket.swap(pointer, bytes, before.tag)) return true
  // The acknowledgement may be lost: what counts is what stands there.
  const there = await readObject(job.bucket, pointer)
  return there !== null && Buffer.compare(there.bytes, bytes) === 0
}

const writeSnapshot = (job: Turn, before: CommittedState, { index, channels }: { index: CommittedDocument; channels: CommittedDocument }) =>
  create(job, { role: 'snapshot', last: before.versions.snapshot }, (version, expires) =>
    signMetadata(makeSnapshot({ version, expires, meta: { 'targets.json': index.meta, 'channels.json': channels.meta } }), [
      signerOf(job, 'live'),
    ]),
  )

const writeIndex = (job: Turn, before: CommittedState, releases: Readonly<Record<string, IndexedRelease>>): Promise<CommittedDocument> => {
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

const writeChannels = (job: Turn, before: CommittedState, channels: Readonly<Record<string, ChannelState>>): Promise<CommittedDocument> => {
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

interface Next {
  readonly role: 'targets' | 'channels' | 'snapshot'
  /** The committed version. */
  readonly last: number
}

/** Creates `tuf/<n>.<role>.json` under the next free number: a taken one is skipped, TUF wants rising, not gapless. */
const create = async (
  job: Turn,
  { role, last }: Next,
  make: (version: number, expires: Date) => Promise<Uint8Array>,
): Promise<CommittedDocument> => {
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
      return { meta: { version, length: bytes.length, hashes: { sha256 } }, expiresMs: expires.getTime() }
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
  if (!trusted.includes(key.keyId)) notTrusted(role, key.keyId, trusted)
  return { keyId: key.keyId, sign: key.sign }
}
