// One deflate stream a file, made once a run for every format that shares it (CONTRACTS 7); those of large files are kept in the cache.
import type { Hex, Json } from '@slipway/core'
import { letGo } from '@slipway/formats/bytes'
import { addPiece, deflatePieces, emptySum } from '@slipway/formats/deflate'
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
  /** Streams that lie in memory, by level and digest of their file: there is room for some. */
  readonly held: Map<number, Map<Hex, Held>>
  readonly shelf: Shelf
  heldBytes: number
}

/** Looking a smaller file up in the cache takes about as long as deflating it. */
const largeBytes = 1 << 18
/** Larger ones are worth keeping for the next run. */
const mostHeldBytes = 2 << 20
const limitHeldBytes = 16 << 20

export const deflating = (io: Io, cache: Cache): Deflating => {
  const running = new Map<string, Running>()
  const streams: Streams = { io, cache, held: new Map(), shelf: openShelf(), heldBytes: 0 }
  return (file, level, onBytes) => {
    const lying = streams.held.get(level)?.get(file.sha256)
    if (lying !== undefined) {
      onBytes?.(lying.sizeBytes)
      return Promise.resolve(fromShelf(streams, { file, level }, lying))
    }
    const key = `${level} ${file.sha256}`
    const known = running.get(key)
    const listeners = known?.listeners ?? []
    if (onBytes !== undefined) listeners.push(onBytes)
    if (known !== undefined) return known.made
    const job = { file, level, hear: (done: number) => listeners.forEach(listener => listener(done)) }
    const isHeld = file.sizeBytes < largeBytes || (file.sizeBytes <= mostHeldBytes && streams.heldBytes + file.sizeBytes <= limitHeldBytes)
    // Of small files there may be a hundred thousand: once made, nothing of them is left here but the little that `held` knows.
    const made = isHeld ? held(streams, job).finally(() => running.delete(key)) : kept(streams, job)
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

interface Held {
  readonly sizeBytes: number
  readonly crc32: number
  readonly compressedBytes: number
  /** Where it lies on the shelf; absent: there was no room, and it is made again each time. */
  readonly board: Uint8Array | undefined
  readonly offset: number
}

const held = async (streams: Streams, { file, level, hear }: Job): Promise<Deflated> => {
  const pieces: DeflatePiece[] = []
  for await (const piece of piecesOf(streams.io, { file, level })) pieces.push(piece)
  const { crc32, sizeBytes, compressedBytes } = pieces.reduce(addPiece, emptySum)
  const lies =
    streams.heldBytes + compressedBytes <= limitHeldBytes ? put(streams.shelf, pieces, compressedBytes) : { board: undefined, offset: 0 }
  if (lies.board !== undefined) streams.heldBytes += compressedBytes
  hear(sizeBytes)
  const made: Held = { crc32, sizeBytes, compressedBytes, board: lies.board, offset: lies.offset }
  const ofLevel = streams.held.get(level) ?? new Map<Hex, Held>()
  streams.held.set(level, ofLevel.set(file.sha256, made))
  return fromShelf(streams, { file, level }, made)
}

const fromShelf = (
  { io }: Streams,
  job: Pick<Job, 'file' | 'level'>,
  { crc32, sizeBytes, compressedBytes, board, offset }: Held,
): Deflated => ({
  crc32,
  sizeBytes,
  compressedBytes,
  async *chunks() {
    if (board !== undefined) yield board.subarray(offset, offset + compressedBytes)
    else for await (const piece of piecesOf(io, job)) yield piece.bytes
  },
})

/** Memory for many small streams: a buffer for each would take more than what is in it. */
interface Shelf {
  board: Uint8Array
  filledBytes: number
}
const boardBytes = 1 << 20
const openShelf = (): Shelf => ({ board: new Uint8Array(0), filledBytes: 0 })

const put = (shelf: Shelf, pieces: readonly DeflatePiece[], sizeBytes: number): Pick<Held, 'board' | 'offset'> => {
  if (shelf.filledBytes + sizeBytes > shelf.board.length) {
    shelf.board = new Uint8Array(Math.max(boardBytes, sizeBytes))
    shelf.filledBytes = 0
  }
  const offset = shelf.filledBytes
  for (const { bytes } of pieces) {
    shelf.board.set(bytes, shelf.filledBytes)
    shelf.filledBytes += bytes.length
  }
  return { board: shelf.board, offset }
}

const piecesOf = ({ files, threads }: Io, { file, level }: Pick<Job, 'file' | 'level'>): AsyncGenerator<DeflatePiece> =>
  threads === undefined || level === 0
    ? deflatePieces(files.stream(file.path), { level })
    : threads.deflateFile(file.path, { level, sizeBytes: file.sizeBytes })
