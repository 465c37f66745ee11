// Reads objects for verify: whole small ones, and large ones as digests in one pass. Nothing that was read is trusted here.
import { createHash } from 'node:crypto'
import { fail } from '@slipway/core'
import type { BucketReader } from '../stores/store.ts'
import type { Report } from './report.ts'

const limitBytes = 16_000_000

export const readWhole = async (reader: BucketReader, report: Report, key: string): Promise<Uint8Array | null> => {
  const found = await reader.read(key)
  if (found === null) return null
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of found.bytes()) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes)
      fail('verify/too-large', `${key} has more than ${limitBytes} bytes`, {
        hint: 'No document of a bucket is so large; look at it by hand.',
        where: { object: key },
        exit: 'corrupt',
      })
    chunks.push(chunk)
  }
  report.objects += 1
  report.bytes += sizeBytes
  return Buffer.concat(chunks)
}

export interface Measured {
  readonly sizeBytes: number
  readonly sha256: string
  readonly blake2b512: Uint8Array
}

/** Digests of a large object; reading stops one chunk after `limit` bytes (a signed size is a hard cap). */
export const measure = async (
  reader: BucketReader,
  report: Report,
  { key, limit }: { key: string; limit: number },
): Promise<Measured | null> => {
  const found = await reader.read(key)
  if (found === null) return null
  const sha256 = createHash('sha256')
  const blake2b = createHash('blake2b512')
  let sizeBytes = 0
  for await (const chunk of found.bytes()) {
    sizeBytes += chunk.length
    sha256.update(chunk)
    blake2b.update(chunk)
    if (sizeBytes > limit) break
  }
  report.objects += 1
  report.bytes += sizeBytes
  return { sizeBytes, sha256: sha256.digest('hex'), blake2b512: blake2b.digest() }
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
