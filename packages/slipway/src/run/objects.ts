// Small objects of a bucket, read whole; and files created and read back by their digest (TRUST 4, "After an unclear answer read back").
import { fail } from '@slipway/core'
import type { Hex } from '@slipway/core'
import { createHash } from 'node:crypto'
import type { Bucket, BucketReader } from '../stores/store.ts'
import { sha256Of } from './cache.ts'

const limitBytes = 16_000_000

export interface SmallObject {
  readonly bytes: Uint8Array
  readonly tag: string
}

export const readObject = async (bucket: BucketReader, key: string): Promise<SmallObject | null> => {
  const found = await bucket.read(key)
  if (found === null) return null
  if (found.sizeBytes > limitBytes)
    // explain: An object of the bucket that should be a small document is far larger than any such document.
    fail('store/too-large', `${key} has ${found.sizeBytes} bytes`, {
      hint: `Such an object has at most ${limitBytes} bytes.`,
      where: { object: key },
      exit: 'corrupt',
    })
  const chunks: Uint8Array[] = []
  for await (const chunk of found.bytes()) chunks.push(chunk)
  return { bytes: Buffer.concat(chunks), tag: await found.tag() }
}

export interface Whole {
  readonly key: string
  readonly bytes: () => AsyncIterable<Uint8Array>
  readonly sizeBytes: number
  readonly sha256: Hex
}

/** Creates an object once and reads it back by its digest. Other bytes under that name: `publish/object-taken` (exit 3). */
export const createOnce = async (bucket: Bucket, object: Whole): Promise<'created' | 'exists'> => {
  const made = await bucket.create(object.key, object)
  const back = await bucket.read(object.key)
  const digest = back === null ? null : await sha256Of(back.bytes())
  if (digest === object.sha256) return made
  if (made === 'exists')
    fail('publish/object-taken', `${object.key} is there already, with other bytes`, {
      hint: 'Published bytes are never replaced. Choose a higher version.',
      where: { object: object.key },
      facts: { there: digest, ours: object.sha256 },
      exit: 'refused',
    })
  return fail('publish/read-back', `${object.key} was written, and came back with other bytes`, {
    hint: 'The store does not keep what it is given: check the disk, or the service, before going on.',
    where: { object: object.key },
    facts: { there: digest, ours: object.sha256 },
    exit: 'corrupt',
  })
}

/** The same for bytes in memory. */
export const createBytes = (bucket: Bucket, key: string, bytes: Uint8Array): Promise<'created' | 'exists'> =>
  createOnce(bucket, { key, bytes: () => once(bytes), sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })

export const once = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
