// Restores immutable objects from a second copy, each only when its bytes have the digest that the signed state demands (TRUST 4).
import type { Bucket, BucketReader } from '../stores/store.ts'
import { measure } from './read.ts'
import type { Report } from './report.ts'

export interface Repair {
  readonly report: Report
  readonly to: Bucket
  readonly from: BucketReader
}

/** Keys that were restored. What the copy does not hold soundly stays as it was, and is said again by the next verify. */
export const repair = async ({ report, to, from }: Repair): Promise<readonly string[]> => {
  const restored: string[] = []
  for (const key of new Set(report.problems.flatMap(one => one.where.object ?? []))) {
    const sha256 = report.expected.get(key)
    if (sha256 === undefined) continue
    const found = await measure(from, report, { key, limit: Number.MAX_SAFE_INTEGER })
    const copy = found?.sha256 === sha256 ? await from.read(key) : null
    if (copy === null) continue
    await to.remove(key)
    await to.create(key, { bytes: copy.bytes, sizeBytes: copy.sizeBytes, sha256 })
    restored.push(key)
  }
  return restored
}
