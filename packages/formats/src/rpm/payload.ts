// rpm: a package's payload prepared: compressed once, its digests known before its first byte, and read again when the package is written.
import { createHash, type Hash } from 'node:crypto'
import {
  addPiece,
  deflateAlone,
  type Deflated,
  deflatedOf,
  type DeflatePiece,
  type DeflatePieceOn,
  deflatePieces,
  emptySum,
} from '../deflate.ts'
import { letGo } from '../bytes.ts'
import { crc32 } from '../crc32.ts'
import { gzipOf } from '../gzip.ts'
import { inFlight } from '../in-flight.ts'
import { compressXz } from '../xz.ts'
import { zstdFrame, zstdFrames, type ZstdFrames } from '../zstd-frames.ts'
import { type ArchivePart, archiveParts, partBytes, rpmArchive } from './archive-parts.ts'
import type { RpmContent, RpmFile } from './files.ts'
import { FormatError } from '../format-error.ts'

export interface RpmPayload {
  readonly compressor: 'gzip' | 'zstd' | 'xz'
  /** As rpm shows it: the level. */
  readonly flags: string
  /** Compressed. */
  readonly sizeBytes: number
  /** 64 hex digits, of the compressed bytes. */
  readonly sha256: string
  /** Of the cpio inside. */
  readonly archiveBytes: number
  readonly archiveSha256?: string
  /** The same bytes each time. */
  chunks(): AsyncIterable<Uint8Array>
}

export interface PayloadOptions {
  /** Of the compressor: 0 to 9 of gzip and xz, 1 to 22 of Zstandard. */
  readonly level: number
  /** Whether the digest of the uncompressed archive is made too, which reads every file once more. Default true. */
  readonly hashesArchive?: boolean
  readonly spool?: Spool
  /** For gzip; default: on this thread. Never changes the bytes. */
  readonly deflate?: DeflatePieceOn
}

/** Takes the compressed payload in, once, and gives what reads it again: then nothing is compressed a second time. */
export type Spool = (chunks: AsyncIterable<Uint8Array>) => Promise<() => AsyncIterable<Uint8Array>>

/** A gzip payload from the files' deflate streams; a large file without `deflated` may be compressed again. Throws `cpio/size-changed`. */
export const gzipPayload = async (files: readonly RpmFile[], options: PayloadOptions): Promise<RpmPayload> => {
  const archive = archiveDigest(options)
  const streams: Deflated[] = []
  const keep = keeper(options)
  const made = (async function* () {
    const parts = archiveParts(files, { largeBytes: 1 << 17, mixedBytes: 1 << 20 })
    for await (const deflated of inFlight(archive.follow(parts), part => deflatedPart(part, options, keep), 3)) {
      streams.push(deflated)
      yield { deflated }
    }
  })()
  const settled = await settle(gzipOf(made), () => gzipOf(streams.map(deflated => ({ deflated }))), options.spool)
  return { compressor: 'gzip', flags: String(options.level), ...settled, ...archive.done() }
}

/** A Zstandard payload, one frame after the other, from the files' own frames; a large file without `zstd` is compressed twice. */
export const zstdPayload = async (files: readonly RpmFile[], options: PayloadOptions): Promise<RpmPayload> => {
  const archive = archiveDigest(options)
  const streams: Frames[] = []
  const keep = keeper(options)
  const made = (async function* () {
    const parts = archiveParts(files, { largeBytes: 1 << 20, mixedBytes: 1 << 22 })
    for await (const frames of inFlight(archive.follow(parts), part => zstdPart(part, options.level, keep), 3)) {
      streams.push(frames)
      yield* frames.chunks()
    }
  })()
  const again = async function* (): AsyncGenerator<Uint8Array> {
    for (const frames of streams) yield* frames.chunks()
  }
  const settled = await settle(made, again, options.spool)
  return { compressor: 'zstd', flags: String(options.level), ...settled, ...archive.done() }
}

/** An xz payload: one stream of the whole archive. Without a spool it is compressed twice. */
export const xzPayload = (files: readonly RpmFile[], { level, spool }: PayloadOptions): Promise<RpmPayload> =>
  foreignPayload(files, {
    compressor: 'xz',
    flags: String(level),
    compress: chunks => compressXz(chunks, { level }),
    ...(spool === undefined ? {} : { spool }),
  })

export interface ForeignCompressor {
  readonly compressor: RpmPayload['compressor']
  readonly flags: string
  compress(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  readonly spool?: Spool
}

/** A payload by another compressor. Without a spool it runs twice and must give the same bytes each time. */
export const foreignPayload = async (files: readonly RpmFile[], foreign: ForeignCompressor): Promise<RpmPayload> => {
  const { compressor, flags, compress, spool } = foreign
  const hash = createHash('sha256')
  let archiveBytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of rpmArchive(files)) {
      hash.update(chunk)
      archiveBytes += chunk.length
      yield chunk
    }
  }
  const settled = await settle(compress(counted()), () => compress(rpmArchive(files)), spool)
  return { compressor, flags, ...settled, archiveBytes, archiveSha256: hash.digest('hex') }
}

const settle = async (
  first: AsyncIterable<Uint8Array>,
  again: () => AsyncIterable<Uint8Array>,
  spool: Spool | undefined,
): Promise<Pick<RpmPayload, 'sizeBytes' | 'sha256' | 'chunks'>> => {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of first) {
      hash.update(chunk)
      sizeBytes += chunk.length
      yield chunk
    }
  }
  const chunks = (await spool?.(counted())) ?? again
  if (spool === undefined) for await (const _ of counted());
  return { sizeBytes, sha256: hash.digest('hex'), chunks }
}

/** Sums up the archive part by part; a large file behind its compressing, which runs on other threads meanwhile. */
const archiveDigest = ({ hashesArchive = true }: PayloadOptions) => {
  const hash: Hash | undefined = hashesArchive ? createHash('sha256') : undefined
  let archiveBytes = 0
  return {
    async *follow(parts: Iterable<ArchivePart>): AsyncGenerator<ArchivePart> {
      for (const part of parts) {
        archiveBytes += part.sizeBytes
        if (part.kind === 'mixed') {
          const loaded = await part.load()
          // Before it is handed out: whoever takes it lets go of it.
          hash?.update(loaded)
          yield { ...part, load: firstLoaded(loaded, part.load) }
          continue
        }
        yield part
        if (hash !== undefined) for await (const chunk of partBytes(part)) hash.update(chunk)
      }
    },
    done: () => ({ archiveBytes, ...(hash === undefined ? {} : { archiveSha256: hash.digest('hex') }) }),
  }
}

/** Gives what is loaded already the first time, and then lets go of it. */
const firstLoaded = (loaded: Uint8Array, load: () => Promise<Uint8Array>): (() => Promise<Uint8Array>) => {
  let held: Uint8Array | undefined = loaded
  return () => {
    const bytes = held
    held = undefined
    return bytes === undefined ? load() : Promise.resolve(bytes)
  }
}

/** At most this much compressed data of small files is kept between the two readings; the rest is compressed again. */
const limitKeptBytes = 24 << 20
/** Of one large file that brings no stream. */
const limitPiecesBytes = 4 << 20

type Keep = (bytes: Uint8Array, again: () => Promise<Uint8Array>) => () => AsyncGenerator<Uint8Array>

const keeper = ({ spool }: PayloadOptions): Keep => {
  let keptBytes = spool === undefined ? 0 : limitKeptBytes
  return (bytes, again) => {
    keptBytes += bytes.length
    if (keptBytes <= limitKeptBytes) return () => onlyChunk(bytes)
    const load = firstLoaded(bytes, again)
    return async function* () {
      const own = await load()
      yield own
      letGo(own)
    }
  }
}

async function* onlyChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const deflatedPart = async (part: ArchivePart, options: PayloadOptions, keep: Keep): Promise<Deflated> => {
  const { level, deflate } = options
  if (part.kind === 'file') return checked(part.file, (await part.file.deflated?.(level)) ?? (await deflatedHere(part.file, options)))
  const plain = await part.load()
  const sum = { crc32: crc32(plain), sizeBytes: plain.length }
  const compressed = await deflateAlone(plain, level, deflate)
  letGo(plain)
  const chunks = keep(compressed, async () => deflateAlone(await part.load(), level, deflate))
  return { ...sum, compressedBytes: compressed.length, chunks }
}

/** The pieces are kept while they are few; a larger stream is made again each time. */
const deflatedHere = async (file: RpmContent, { level, deflate }: PayloadOptions): Promise<Deflated> => {
  const options = { level, ...(deflate === undefined ? {} : { deflate }) }
  const pieces: DeflatePiece[] = []
  let sum = emptySum
  for await (const piece of deflatePieces(file.bytes(), options)) {
    sum = addPiece(sum, piece)
    if (sum.compressedBytes <= limitPiecesBytes) pieces.push(piece)
  }
  if (sum.compressedBytes <= limitPiecesBytes) return deflatedOf(pieces)
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of deflatePieces(file.bytes(), options)) yield piece.bytes
  }
  return { ...sum, chunks }
}

type Frames = Pick<ZstdFrames, 'sizeBytes' | 'chunks'>

const zstdPart = async (part: ArchivePart, level: number, keep: Keep): Promise<Frames> => {
  if (part.kind === 'file') return checked(part.file, (await part.file.zstd?.(level)) ?? zstdHere(part, level))
  const plain = await part.load()
  const { bytes, sizeBytes } = await zstdFrame(plain, level)
  letGo(plain)
  return { sizeBytes, chunks: keep(bytes, async () => (await zstdFrame(await part.load(), level)).bytes) }
}

const zstdHere = (part: ArchivePart, level: number): Frames => ({
  sizeBytes: part.sizeBytes,
  async *chunks() {
    for await (const { bytes } of zstdFrames(partBytes(part), { level })) {
      yield bytes
      letGo(bytes)
    }
  },
})

const checked = <Stream extends { readonly sizeBytes: number }>(file: RpmContent, stream: Stream): Stream => {
  if (stream.sizeBytes === file.sizeBytes) return stream
  throw new FormatError('rpm/size-changed', `${file.path} gave ${stream.sizeBytes} bytes where ${file.sizeBytes} were announced`)
}
