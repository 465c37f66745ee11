// Settle: every head of the changed channels is rendered from the committed state, until the pointer read last is the one rendered (TRUST 4).
import { fail, headPrefixes, parseJson, parseRelease, releaseRecord } from '@slipway/core'
import type { BucketState, Release } from '@slipway/core'
import { createHash } from 'node:crypto'
import type { FeedFile } from '../feeds/feed.ts'
import { renderChannel } from '../feeds/render.ts'
import type { Bucket, BucketReader } from '../stores/store.ts'
import { readObject } from './objects.ts'
import { readState } from './state.ts'

export interface Settling {
  readonly bucket: Bucket
  readonly root: Uint8Array
  readonly app: string
  /** Channels to settle; null: all of the state. */
  readonly channels: readonly string[] | null
  readonly signal?: AbortSignal
  readonly onHead?: (done: number, total: number) => void
}
export interface Settled {
  readonly heads: readonly string[]
  readonly changed: readonly string[]
}

/** Brings every head to the committed state. Idempotent: heads that are right already are not touched. */
export const settle = async (job: Settling): Promise<Settled> => {
  const changed = new Set<string>()
  for (;;) {
    const first = await rendered(job)
    let done = 0
    for (const { path } of first.files) {
      job.signal?.throwIfAborted()
      if (await settleHead(job, path)) changed.add(path)
      job.onHead?.((done += 1), first.files.length)
    }
    if ((await readState(job.bucket, job.root)).tag === first.tag)
      return { heads: first.files.map(file => file.path), changed: [...changed] }
  }
}

/** The tag of the head is read first, the pointer after it: a late write then loses its swap. */
const settleHead = async (job: Settling, path: string): Promise<boolean> => {
  for (;;) {
    const there = await readObject(job.bucket, path)
    const wanted = (await rendered(job)).files.find(file => file.path === path)
    if (wanted === undefined || (there !== null && Buffer.compare(there.bytes, wanted.bytes) === 0)) return false
    if (await job.bucket.swap(path, wanted.bytes, there?.tag ?? null)) return true
  }
}

const rendered = async (job: Settling): Promise<{ readonly tag: string | null; readonly files: readonly FeedFile[] }> => {
  const state = await readState(job.bucket, job.root)
  const channels = job.channels ?? Object.keys(state.channels)
  const files: FeedFile[] = []
  for (const channel of channels) {
    const channelState = state.channels[channel]
    if (channelState === undefined) continue
    const versions = [channelState.current, channelState.candidate?.version ?? null].filter(version => version !== null)
    const releases = Object.fromEntries(
      await Promise.all(versions.map(async version => [version, await readRelease(job.bucket, state, version)] as const)),
    )
    const existing = await keysBelow(job.bucket, headPrefixes(channel))
    files.push(...renderChannel({ app: job.app, channel, state: channelState, releases, base: job.bucket.url(''), existing }))
  }
  return { tag: state.tag, files: files.filter(file => file.head) }
}

const keysBelow = async (bucket: Bucket, prefixes: readonly string[]): Promise<readonly string[]> => {
  const keys: string[] = []
  for (const prefix of prefixes) for await (const { key } of bucket.list(prefix)) keys.push(key)
  return keys
}

/** A release that the index names, read by its digest. */
export const readRelease = async (bucket: BucketReader, state: BucketState, version: string): Promise<Release> => {
  const entry =
    state.releases[version] ??
    fail('state/unknown-release', `${version} is not in the index`, {
      hint: 'Run `slipway status` to see what is published.',
      exit: 'refused',
    })
  const object = releaseRecord(version)
  const found = await readObject(bucket, object)
  const digest = found === null ? null : createHash('sha256').update(found.bytes).digest('hex')
  if (found === null || digest !== entry.id)
    return fail('state/bad-release', `${object} is ${found === null ? 'missing' : 'not the one that the index names'}`, {
      hint: 'Run `slipway verify`, and restore the object from a copy.',
      where: { object },
      exit: 'corrupt',
    })
  return parseRelease(parseJson(new TextDecoder().decode(found.bytes)))
}
