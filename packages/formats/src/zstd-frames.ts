// Zstandard (RFC 8878) as frames that can be put one after the other, so that several files and formats share the work and the cores.
import { constants, createZstdCompress } from 'node:zlib'
import { type ByteChunks, concat, letGo, noBytes, rechunk } from './bytes.ts'
import { inFlight } from './in-flight.ts'

/** Every file is cut here: a constant of the format, so that equal input gives equal bytes on any machine. */
export const zstdFrameBytes = 4 << 20

export interface ZstdFrame {
  readonly bytes: Uint8Array
  /** Of the bytes that it stands for. */
  readonly sizeBytes: number
}

/** A file's frames kept somewhere: read as often as needed. Nothing for an empty file. */
export interface ZstdFrames {
  /** Uncompressed. */
  readonly sizeBytes: number
  readonly compressedBytes: number
  chunks(): AsyncIterable<Uint8Array>
}

/** A ZstdFrames over frames in memory. */
export const zstdFramesOf = (frames: readonly ZstdFrame[]): ZstdFrames => ({
  sizeBytes: frames.reduce((sum, frame) => sum + frame.sizeBytes, 0),
  compressedBytes: frames.reduce((sum, frame) => sum + frame.bytes.length, 0),
  async *chunks() {
    for (const frame of frames) yield frame.bytes
  },
})

export interface ZstdFrameOptions {
  /** 1 to 22. */
  readonly level: number
  /** How many frames are compressed at once; never changes the bytes. */
  readonly parallel?: number
}

/**
 * Compresses a stream into frames with checksums, in order, with at most `parallel + 1` in flight. No input gives no frame.
 * A frame has more memory than it needs: `letGo` of it gives that back at once.
 */
export async function* zstdFrames(chunks: ByteChunks, { level, parallel = 2 }: ZstdFrameOptions): AsyncGenerator<ZstdFrame> {
  yield* inFlight(rechunk(chunks, zstdFrameBytes), chunk => compressed(chunk, level).finally(() => letGo(chunk)), parallel + 1)
}

/** One frame with its size and a checksum: of the same bytes always the same. */
export const zstdFrame = async (bytes: Uint8Array, level: number): Promise<ZstdFrame> => {
  const frame = await compressed(bytes, level)
  // Whoever keeps it should not keep all the room that it might have taken.
  const kept = frame.bytes.slice()
  letGo(frame.bytes)
  return { ...frame, bytes: kept }
}

/** A compressor of its own, with room for whatever comes out: one that made frames before has less, and then cuts its blocks elsewhere. */
const compressed = (bytes: Uint8Array, level: number): Promise<ZstdFrame> => {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 }
  // A write is a frame, whole from its first call on, so that its size stands in its head, and nothing is copied on the way.
  const stream = createZstdCompress({ params, flush: constants.ZSTD_e_end, chunkSize: mostBytes(bytes.length) })
  return new Promise<ZstdFrame>((resolve, reject) => {
    let frame = noBytes
    stream.on('error', reject)
    stream.on('data', ({ buffer, byteOffset, length }: Uint8Array) => {
      const part = new Uint8Array(buffer, byteOffset, length)
      frame = frame.length === 0 ? part : concat([frame, part])
    })
    stream.write(bytes, error => {
      if (error === null || error === undefined) resolve({ bytes: frame, sizeBytes: bytes.length })
      else reject(error)
    })
  }).finally(() => stream.destroy())
}

/** ZSTD_COMPRESSBOUND of zstd.h, and the end of the stream. */
const mostBytes = (sizeBytes: number): number => sizeBytes + Math.ceil(sizeBytes / 256) + 1024
