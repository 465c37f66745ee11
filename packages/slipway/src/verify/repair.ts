// Restores objects: heads and sums from the committed state itself, the rest from a second copy, each only when it is what the
// signed state demands (TRUST 4). A broken chain is mended first: a document of the copy counts when the chain holds with it.
import type { Hex } from '@slipway/core'
import type { Bucket, BucketReader, StoredObject } from '../stores/store.ts'
import { readChain } from './chain.ts'
import { measure, readWhole, sha256Of } from './read.ts'
import { emptyReport } from './report.ts'
import type { Expected, Report } from './report.ts'

export interface Repair {
  readonly report: Report
  readonly to: Bucket
  readonly from: BucketReader
}

/** Keys that were restored. What the copy does not hold soundly stays as it was, and is said again by the next verify. */
export const repair = async ({ report, to, from }: Repair): Promise<readonly string[]> => {
  const restored: string[] = []
  for (const key of namedKeys(report)) {
    const expected = report.expected.get(key)
    const copy = expected === undefined ? null : await sound(expected, { key, from, report })
    if (copy === null) continue
    await put(to, key, copy)
    restored.push(key)
  }
  return restored
}

/** Mends pointer and documents from the copy; nothing is written unless the whole chain then verifies from the root. Keys that were restored. */
export const repairChain = async (
  { report, to, from }: Repair,
  trusted: { readonly root: Uint8Array; readonly nowMs: number },
): Promise<readonly string[]> => {
  const taken = new Map<string, Copy>()
  const reader: BucketReader = { ...to, read: async key => overlay(taken.get(key)) ?? to.read(key) }
  for (let found: Report = report; ;) {
    const [key] = namedKeys(found)
    const copy = key === undefined || taken.has(key) ? null : await readWhole(from, report, key)
    if (key === undefined || copy === null) return []
    taken.set(key, held(copy))
    found = emptyReport()
    if ((await readChain(reader, found, trusted)) !== null) break
  }
  for (const [key, copy] of taken) await put(to, key, copy)
  return [...taken.keys()]
}

const overlay = (copy: Copy | undefined): StoredObject | null =>
  copy === undefined ? null : { tag: async () => copy.sha256, ...copy.object }

const namedKeys = (report: Report): readonly string[] => [...new Set(report.problems.flatMap(one => one.where.object ?? []))]

interface Copy {
  readonly object: Pick<StoredObject, 'bytes' | 'sizeBytes'>
  readonly sha256: Hex
}
const sound = async (
  expected: Expected,
  { key, from, report }: { key: string; from: BucketReader; report: Report },
): Promise<Copy | null> => {
  if ('bytes' in expected) return held(expected.bytes)
  if ('sha256' in expected) {
    const found = await measure(from, report, { key, limit: Number.MAX_SAFE_INTEGER })
    const object = found?.sha256 === expected.sha256 ? await from.read(key) : null
    return object === null ? null : { object, sha256: expected.sha256 }
  }
  const bytes = await readWhole(from, report, key)
  return bytes !== null && expected.holds(bytes) ? held(bytes) : null
}

const held = (bytes: Uint8Array): Copy => ({ object: { sizeBytes: bytes.length, bytes: () => once(bytes) }, sha256: sha256Of(bytes) })
const once = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** What stands there is wrong or missing. A writer who comes in between is not overwritten. */
const put = async (to: Bucket, key: string, { object, sha256 }: Copy): Promise<void> => {
  await to.remove(key)
  await to.create(key, { bytes: object.bytes, sizeBytes: object.sizeBytes, sha256 })
}
