// Zstandard (RFC 8878) by node:zlib: bytes that never depend on how the input was cut, and a reader of all frames with a size cap.
import { constants, createZstdCompress, createZstdDecompress, type ZstdOptions } from 'node:zlib'
import { type ByteChunks, rechunk } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { through } from './zlib-stream.ts'

export interface ZstdWriting {
  /** 1 to 22. */
  readonly level: number
  /** Uncompressed; written into the frame when given, and then checked. */
  readonly sizeBytes?: number
}

/** Compresses into one frame with a checksum. Throws `zstd/size-changed` when the input is not `sizeBytes` long. */
export async function* compressZstd(chunks: ByteChunks, { level, sizeBytes }: ZstdWriting): AsyncGenerator<Uint8Array> {
  const options: ZstdOptions & { pledgedSrcSize?: number } = {
    chunkSize: inputBytes,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    ...(sizeBytes === undefined ? {} : { pledgedSrcSize: sizeBytes }),
  }
  const changed = (message: string): FormatError =>
    new FormatError('zstd/size-changed', `the input is not as long as announced: ${message}`)
  yield* through(createZstdCompress(options), rechunk(chunks, inputBytes), changed)
}

/** Unpacks all frames. Throws `zstd/corrupt` (bad or cut off) and `zstd/too-large` (more than `limitBytes`). */
export async function* decompressZstd(chunks: ByteChunks, options: { readonly limitBytes: number }): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const chunk of allFrames(chunks)) {
    sizeBytes += chunk.length
    if (sizeBytes > options.limitBytes) throw new FormatError('zstd/too-large', `unpacks to more than ${options.limitBytes} bytes`)
    yield chunk
  }
}

const inputBytes = 1 << 20

/** node:zlib stops after the first frame and drops what follows, so the rest is handed to a fresh decompressor. */
async function* allFrames(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  const input = (async function* () {
    yield* chunks
  })()
  let rest: Uint8Array[] = []
  try {
    for (;;) {
      const stream = createZstdDecompress({ chunkSize: 1 << 18 })
      const fed = rest
      rest = []
      let passedBytes = 0
      const feed = async function* (): AsyncGenerator<Uint8Array> {
        yield* [...fed]
        for (let next = await input.next(); next.done !== true; next = await input.next()) {
          // Only what the decompressor has not eaten yet is kept.
          for (let first = fed[0]; first !== undefined && passedBytes + first.length <= stream.bytesWritten; first = fed[0]) {
            passedBytes += first.length
            fed.shift()
          }
          fed.push(next.value)
          yield next.value
        }
      }
      yield* through(stream, feed(), message => new FormatError('zstd/corrupt', `not sound Zstandard: ${message}`))
      rest = afterBytes(fed, stream.bytesWritten - passedBytes)
      while (rest.length === 0) {
        const next = await input.next()
        if (next.done === true) return
        if (next.value.length > 0) rest = [next.value]
      }
    }
  } finally {
    await input.return(undefined)
  }
}

const afterBytes = (chunks: readonly Uint8Array[], skippedBytes: number): Uint8Array[] => {
  let skip = skippedBytes
  const rest: Uint8Array[] = []
  for (const chunk of chunks) {
    if (skip < chunk.length) rest.push(chunk.subarray(skip))
    skip = Math.max(0, skip - chunk.length)
  }
  return rest
}
