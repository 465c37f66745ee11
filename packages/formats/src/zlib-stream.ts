// Runs a byte stream through one of node:zlib's streams: back pressure both ways, ends cleanly when either side stops.
import type { Gunzip, Inflate, InflateRaw, ZstdCompress, ZstdDecompress } from 'node:zlib'
import type { ByteChunks } from './bytes.ts'
import type { FormatError } from './format-error.ts'

type ZlibStream = Gunzip | Inflate | InflateRaw | ZstdCompress | ZstdDecompress

/** The output of `stream` fed with `chunks`. An error of zlib becomes what `toError` makes; an error of `chunks` passes as it is. */
export async function* through(
  stream: ZlibStream,
  chunks: ByteChunks,
  toError: (message: string) => FormatError,
): AsyncGenerator<Uint8Array> {
  let inputError: { readonly cause: unknown } | undefined
  stream.on('error', () => undefined)
  const feeding = feed(stream, chunks).catch((cause: unknown) => {
    inputError = { cause }
    stream.destroy()
  })
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    // Reading ends before the feeding where the format ends before the file; the destroy below then wakes the feeder.
  } catch (cause) {
    if (inputError !== undefined) throw inputError.cause
    throw isZlibError(cause) ? toError(cause.message) : cause
  } finally {
    stream.destroy()
    await feeding
  }
  if (inputError !== undefined) throw inputError.cause
}

const feed = async (stream: ZlibStream, chunks: ByteChunks): Promise<void> => {
  for await (const chunk of chunks) {
    if (stream.destroyed) return
    if (!stream.write(chunk)) await drained(stream)
  }
  if (!stream.destroyed) stream.end()
}

const drained = (stream: ZlibStream): Promise<void> =>
  new Promise(resolve => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    if (stream.destroyed) return resolve()
    stream.on('drain', done)
    stream.on('close', done)
  })

const isZlibError = (cause: unknown): cause is Error & { code: string } =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && /^(Z_|ZSTD_|ERR_|BROTLI)/.test(cause.code)
