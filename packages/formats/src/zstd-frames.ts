// Zstandard (RFC 8878) as frames that can be put one after the other, so that several files and formats share the work and the cores.
import { constants, zstdCompress } from 'node:zlib'
import { type ByteChunks, letGo, rechunk } from './bytes.ts'

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

/** Compresses a stream into frames with checksums, in order, with at most `parallel + 1` in flight. No input gives no frame. */
export async function* zstdFrames(chunks: ByteChunks, { level, parallel = 2 }: ZstdFrameOptions): AsyncGenerator<ZstdFrame> {
  const flying: Promise<ZstdFrame>[] = []
  for await (const chunk of rechunk(chunks, zstdFrameBytes)) {
    const frame = zstdFrame(chunk, level).finally(() => letGo(chunk))
    // Whoever stops reading leaves frames behind; their failure is then nobody's.
    frame.catch(() => undefined)
    flying.push(frame)
    const first = flying.length > parallel ? flying.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const frame of flying) yield await frame
}

/** One frame with its size and a checksum. */
export const zstdFrame = (bytes: Uint8Array, level: number): Promise<ZstdFrame> =>
  new Promise((resolve, reject) => {
    const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 }
    // Room for all of it at once (zstd.h, ZSTD_COMPRESSBOUND): then nothing is put together afterwards.
    const chunkSize = bytes.length + (bytes.length >> 8) + (1 << 10)
    zstdCompress(bytes, { params, chunkSize }, (error, result) => {
      // A copy, because the result is a view of a buffer with room for more.
      if (error !== null) return reject(error)
      resolve({ bytes: new Uint8Array(result), sizeBytes: bytes.length })
      letGo(result)
    })
  })
