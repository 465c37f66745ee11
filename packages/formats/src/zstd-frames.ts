// Zstandard (RFC 8878) as frames that can be put one after the other, so that several files and formats share the work and the cores.
import { constants, createZstdCompress } from 'node:zlib'
import { type ByteChunks, concat, letGo, rechunk } from './bytes.ts'

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
export const zstdFrame = async (bytes: Uint8Array, level: number): Promise<ZstdFrame> => {
  const [lane = openLane(level)] = idle.splice(idle.findIndex(one => one.level === level) >>> 0, 1)
  const frame = await lane.compress(bytes)
  if (idle.length < mostIdle) idle.push(lane)
  else lane.close()
  return { bytes: frame, sizeBytes: bytes.length }
}

/** A compressor with its tables, which takes one frame after the other: tables of its own for each frame take longer than a quick level. */
interface Lane {
  readonly level: number
  readonly compress: (bytes: Uint8Array) => Promise<Uint8Array>
  readonly close: () => void
}
const idle: Lane[] = []
const mostIdle = 3

const openLane = (level: number): Lane => {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 }
  // Each write is a frame, whole from its first call on, so that its size stands in its head.
  const stream = createZstdCompress({ params, flush: constants.ZSTD_e_end, chunkSize: 1 << 20 })
  let parts: Uint8Array[] = []
  stream.on('data', (part: Uint8Array) => parts.push(part))
  return {
    level,
    compress: bytes =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.write(bytes, error => {
          stream.removeListener('error', reject)
          if (error !== null && error !== undefined) return reject(error)
          resolve(concat(parts))
          parts = []
        })
      }),
    close: () => stream.destroy(),
  }
}
