// One deflate stream a file, made once and kept in the cache for every format that shares it (CONTRACTS 7).
import type { Hex, Json } from '@slipway/core'
import { deflatePieces } from '@slipway/formats/deflate'
import type { Deflated } from '@slipway/formats/deflate'
import type { Io } from '../io/io.ts'
import { keyOf } from './cache.ts'
import type { Cache } from './cache.ts'

export type Deflating = (file: { readonly path: string; readonly sha256: Hex; readonly sizeBytes: number }, level: number) => Promise<Deflated>

interface Kept {
  /** Uncompressed. */
  readonly sizeBytes: number
  readonly crc32: number
  readonly blob: Hex
  readonly blobBytes: number
}

export const deflating = (io: Io, cache: Cache): Deflating => {
  const running = new Map<string, Promise<Deflated>>()
  return (file, level) => {
    const key = keyOf({ kind: 'deflate', sha256: file.sha256, level, zlib: io.host.zlibVersion, form: 2 })
    const known = running.get(key)
    if (known !== undefined) return known
    const started = make(io, cache, { key, file, level })
    running.set(key, started)
    return started
  }
}

const make = async (io: Io, cache: Cache, job: { key: Hex; file: Parameters<Deflating>[0]; level: number }): Promise<Deflated> => {
  const { key, file, level } = job
  const kept = (await cache.read(key)) as Kept | null
  if (kept !== null && (await cache.has(kept.blob, kept.blobBytes))) return opened(io, cache, kept)
  let crc32 = 0
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of deflatePieces(io.files.stream(file.path), { level })) {
      crc32 = piece.crc32
      yield piece.bytes
    }
  }
  const digests = await cache.store(pieces())
  const made: Kept = { sizeBytes: file.sizeBytes, crc32, blob: digests.sha256, blobBytes: digests.sizeBytes }
  await cache.write(key, made as unknown as Json)
  return opened(io, cache, made)
}

const opened = (io: Io, cache: Cache, kept: Kept): Deflated => ({
  crc32: kept.crc32,
  sizeBytes: kept.sizeBytes,
  compressedBytes: kept.blobBytes,
  chunks: () => io.files.stream(cache.blob(kept.blob)),
})
