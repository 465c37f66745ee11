// The draft: what a publish intends, written before any byte goes up (TRUST 4 and 7). It burns its version for other inputs.
import { canonical, draft as draftKey, fail, parseJson, parseRelease } from '@slipway/core'
import type { Json, Release } from '@slipway/core'
import type { Bucket, BucketReader } from '../stores/store.ts'
import { readObject } from './objects.ts'

export interface Draft {
  readonly release: Release
  readonly channel: string
  /** `n` of the channel when the plan was made. */
  readonly basis: number
}
export interface ReadDraft extends Draft {
  readonly tag: string
}

export const readDraft = async (bucket: BucketReader, version: string): Promise<ReadDraft | null> => {
  const found = await readObject(bucket, draftKey(version))
  if (found === null) return null
  const json = parseJson(new TextDecoder().decode(found.bytes)) as {
    readonly schema?: string
    readonly release?: Json
    readonly channel?: string
    readonly basis?: number
  }
  if (json.schema !== 'slipway.draft/1' || json.release === undefined || typeof json.channel !== 'string' || typeof json.basis !== 'number')
    return fail('publish/bad-draft', `${draftKey(version)} is no draft`, {
      hint: 'Remove the object if nothing was published under this version, or bump the version.',
      where: { object: draftKey(version) },
      exit: 'corrupt',
    })
  return { release: parseRelease(json.release), channel: json.channel, basis: json.basis, tag: found.tag }
}

/** Writes the intent; another publisher who was first wins: `publish/two-publishers` (exit 3). */
export const writeDraft = async (bucket: Bucket, draft: Draft, before: ReadDraft | null): Promise<void> => {
  const bytes = new TextEncoder().encode(canonical({ schema: 'slipway.draft/1', ...draft } as unknown as Json))
  const key = draftKey(draft.release.version)
  if (await bucket.swap(key, bytes, before?.tag ?? null)) return
  const there = await readObject(bucket, key)
  if (there !== null && Buffer.compare(there.bytes, bytes) === 0) return
  twoPublishers(draft.release.version, key)
}

export const twoPublishers = (version: string, object: string): never =>
  fail('publish/two-publishers', `Another publisher is at work on ${version}`, {
    hint: 'Wait for it to end, then run the command again: it takes up what is there.',
    where: { object },
    exit: 'refused',
  })

/** Two releases come from the same inputs: only timestamps, tickets and random signatures may differ (TRUST 7). */
export const sameOrigin = (a: Release, b: Release): boolean =>
  canonical({ app: a.app, version: a.version, from: a.from } as unknown as Json) ===
  canonical({ app: b.app, version: b.version, from: b.from } as unknown as Json)
