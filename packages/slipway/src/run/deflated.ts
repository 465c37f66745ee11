// One deflate stream a file, made once a run for every format that shares it (CONTRACTS 7); those of large files are kept in the cache.
import type { Hex, Json } from '@slipway/core'
import { letGo } from '@slipway/formats/bytes'
import { addPiece, deflatedOf, deflatePieces, emptySum } from '@slipway/formats/deflate'
import type { Deflated, DeflatePiece } from '@slipway/formats/deflate'
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
interface Running {
  readonly made: Promise<Deflated>
  /** All formats that wait for this stream. */
  readonly listeners: ((done: number) => void)[]
}
interface Job {
  readonly file: Parameters<Deflating>[0]
  readonly level: number
  readonly hear: (done: number) => void
}
interface Streams {
  readonly io: Io
  readonly cache: Cache
  /** Streams of small files lie in memory while there is room for them. */
  heldBytes: number
}

/** Looking a smaller file up in the cache takes about as long as deflating it. */
const largeBytes = 1 << 18
const limitHeldBytes = 24 << 20

export const deflating = (io: Io, cache: Cache): Deflating => {
  const running = new Map<string, Running>()
  const streams: Streams = { io, cache, heldBytes: 0 }
  return (file, level, onBytes) => {
    const key = `${level} ${file.sha256}`
    const known = running.get(key)
    const listeners = known?.listeners ?? []
    if (onBytes !== undefined) listeners.push(onBytes)
    if (known !== undefined) return known.made
    const job = { file, level, hear: (done: number) => listeners.forEach(listener => listener(done)) }
    const made = file.sizeBytes < largeBytes ? held(streams, job) : kept(streams, job)
    running.set(key, { made, listeners })
    return made
  }
}

const kept = async ({ io, cache }: Streams, { file, level, hear }: Job): Promise<Deflated> => {
  const key = keyOf({ kind: 'deflate', sha256: file.sha256, level, form: 4 })
  const known = (await cache.read(key)) as Kept | null
  if (known !== null && (await cache.has(known.blob, known.blobBytes))) return opened(io, cache, known)
  let sum = emptySum
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of piecesOf(io, { file, level })) {
      sum = addPiece(sum, piece)
      hear(sum.sizeBytes)
      yield piece.bytes
      letGo(piece.bytes)
    }
  }
  const digests = await cache.keep(pieces())
  const made: Kept = { sizeBytes: sum.sizeBytes, crc32: sum.crc32, blob: digests.sha256, blobBytes: digests.sizeBytes }
  await cache.write(key, made as unknown as Json)
  return opened(io, cache, made)
}

const opened = (io: Io, cache: Cache, { crc32, sizeBytes, blob, blobBytes }: Kept): Deflated => ({
  crc32,
  sizeBytes,
  compressedBytes: blobBytes,
  // Of hundreds of megabytes none should wait for the garbage collector: a chunk is good until the next one is asked for.
  async *chunks() {
    for await (const chunk of io.files.stream(cache.blob(blob))) {
      yield chunk
      letGo(chunk)
    }
  },
})

const held = async (streams: Streams, { file, level, hear }: Job): Promise<Deflated> => {
  const { io } = streams
  const pieces: DeflatePiece[] = []
  for await (const piece of piecesOf(io, { file, level })) pieces.push(piece)
  const made = deflatedOf(pieces)
  hear(made.sizeBytes)
  streams.heldBytes += made.compressedBytes
  if (streams.heldBytes <= limitHeldBytes) return made
  const { crc32, sizeBytes, compressedBytes } = made
  return {
    ...{ crc32, sizeBytes, compressedBytes },
    // Made again: the same bytes each time.
    async *chunks() {
      for await (const piece of piecesOf(io, { file, level })) yield piece.bytes
    },
  }
}

const piecesOf = ({ files, threads }: Io, { file, level }: Pick<Job, 'file' | 'level'>): AsyncGenerator<DeflatePiece> =>
  threads === undefined || level === 0
    ? deflatePieces(files.stream(file.path), { level })
    : threads.deflateFile(file.path, { level, sizeBytes: file.sizeBytes })
