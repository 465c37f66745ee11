// One deflate stream a file, made once and kept in the cache for every format that shares it (CONTRACTS 7).
import type { Hex, Json } from '@slipway/core'
import { addPiece, deflatePieces, emptySum } from '@slipway/formats/deflate'
import type { Deflated } from '@slipway/formats/deflate'
import type { Io } from '../io/io.ts'
import type { DeflateFile } from '../scan-tree.ts'
import { keyOf } from './cache.ts'
import type { Cache } from './cache.ts'

export type Deflating = DeflateFile

interface Kept {
  /** Uncompressed. */
  readonly sizeBytes: number
  readonly crc32: number
  readonly blob: Hex
  readonly blobBytes: number
}

export const deflating = (io: Io, cache: Cache): Deflating => {
  const running = new Map<string, Running>()
  return (file, level, onBytes) => {
    const key = keyOf({ kind: 'deflate', sha256: file.sha256, level, zlib: io.host.zlibVersion, form: 3 })
    const known = running.get(key)
    const listeners = known?.listeners ?? []
    if (onBytes !== undefined) listeners.push(onBytes)
    if (known !== undefined) return known.made
    const made = make(io, cache, { key, file, level, hear: done => listeners.forEach(listener => listener(done)) })
    running.set(key, { made, listeners })
    return made
  }
}

interface Running {
  readonly made: Promise<Deflated>
  /** All formats that wait for this stream. */
  readonly listeners: ((done: number) => void)[]
}
interface Job {
  readonly key: Hex
  readonly file: Parameters<Deflating>[0]
  readonly level: number
  readonly hear: (done: number) => void
}

const make = async (io: Io, cache: Cache, { key, file, level, hear }: Job): Promise<Deflated> => {
  const kept = (await cache.read(key)) as Kept | null
  if (kept !== null && (await cache.has(kept.blob, kept.blobBytes))) return opened(io, cache, kept)
  let sum = emptySum
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of deflatePieces(io.files.stream(file.path), { level })) {
      sum = addPiece(sum, piece)
      hear(sum.sizeBytes)
      yield piece.bytes
    }
  }
  const digests = await cache.store(pieces())
  const made: Kept = { sizeBytes: sum.sizeBytes, crc32: sum.crc32, blob: digests.sha256, blobBytes: digests.sizeBytes }
  await cache.write(key, made as unknown as Json)
  return opened(io, cache, made)
}

const opened = (io: Io, cache: Cache, kept: Kept): Deflated => ({
  crc32: kept.crc32,
  sizeBytes: kept.sizeBytes,
  compressedBytes: kept.blobBytes,
  chunks: () => io.files.stream(cache.blob(kept.blob)),
})
