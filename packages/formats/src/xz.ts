// xz (The .xz File Format 1.1.0): one stream of blocks of equal size, packed side by side, and a reader of all streams with a size cap.
import { type ByteChunks, concat, letGo, rechunk } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { inFlight } from './in-flight.ts'
import { xzBlock, xzIndexAndFooter, type XzBlock, type XzRecord, xzStreamHeader } from './xz/container.ts'
import { loadLzma, lzmaNow, unpackedBy } from './xz/lzma.ts'
import { checkHead, headBytes, measureXz } from './xz/measure.ts'

/** Every stream is cut here: a constant of the format, so that equal input gives equal bytes on any machine. */
export const xzBlockBytes = 4 << 20
/** The window within a block: a packer needs some fifteen times as much memory, and what it gave back stays with its thread for a while. */
const dictionaryBytes = 1 << 20

export interface XzWriting {
  /** 0 to 9, as of xz(1). */
  readonly level: number
  /** How many blocks are packed at once; never changes the bytes. */
  readonly parallel?: number
}

/** Compresses into one stream, checked by CRC32. Throws `xz/no-library`. */
export async function* compressXz(chunks: ByteChunks, { level, parallel = 2 }: XzWriting): AsyncGenerator<Uint8Array> {
  const { lzma2 } = await loadLzma()
  const records: XzRecord[] = []
  const pack = async (plain: Uint8Array): Promise<XzBlock> => {
    const block = xzBlock(plain, concat(await lzma2Of(lzma2, plain, { preset: level, dictSize: dictionaryBytes })), dictionaryBytes)
    // A copy of our own; else some of them fill the memory until the garbage collector comes.
    letGo(plain)
    return block
  }
  yield xzStreamHeader
  for await (const { parts, record } of inFlight(rechunk(chunks, xzBlockBytes), pack, parallel)) {
    records.push(record)
    yield* parts
  }
  yield xzIndexAndFooter(records)
}

/** The library keeps the last piece of each stream for good: a whole block of each would be as much memory as the file. */
const inputBytes = 1 << 16
const lastBytes = 1 << 8

type Lzma2 = Awaited<ReturnType<typeof loadLzma>>['lzma2']

const lzma2Of = async (lzma2: Lzma2, plain: Uint8Array, options: { preset: number; dictSize: number }): Promise<readonly Uint8Array[]> => {
  let at = 0
  const input = new ReadableStream<Uint8Array>({
    pull: controller => {
      const left = plain.length - at
      if (left === 0) return controller.close()
      const length = left > lastBytes ? Math.min(inputBytes, left - lastBytes) : left
      controller.enqueue(plain.subarray(at, at + length))
      at += length
    },
  })
  const parts: Uint8Array[] = []
  for await (const part of lzma2.compressStream(input, options) as unknown as AsyncIterable<Uint8Array>) parts.push(part)
  return parts
}

/** Unpacks all streams of a file. Throws `xz/corrupt`, `xz/too-large` (more than `limitBytes`, or it needs too much memory), `xz/no-library`. */
export async function* decompressXz(chunks: ByteChunks, options: { readonly limitBytes: number }): AsyncGenerator<Uint8Array> {
  const { xz } = await loadLzma()
  let sizeBytes = 0
  for await (const chunk of unpackedBy(input => xz.decompressStream(input), checked(chunks), corrupt)) {
    sizeBytes += chunk.length
    if (sizeBytes > options.limitBytes) throw new FormatError('xz/too-large', `unpacks to more than ${options.limitBytes} bytes`)
    yield chunk
  }
}

/** The same chunks once the beginning was looked at. */
async function* checked(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  const first: Uint8Array[] = []
  let filledBytes = 0
  for await (const chunk of chunks) {
    if (filledBytes >= headBytes) {
      yield chunk
      continue
    }
    first.push(chunk)
    filledBytes += chunk.length
    if (filledBytes < headBytes) continue
    const head = concat(first)
    checkHead(head)
    yield head
  }
  if (filledBytes >= headBytes) return
  const head = concat(first)
  checkHead(head)
  yield head
}

/** One small piece as a stream of its own, in a window of its size, for formats that keep many. Throws `xz/no-library`. */
export const packXz = async (plain: Uint8Array, { level }: XzWriting): Promise<Uint8Array> => {
  const { lzma2 } = await loadLzma()
  const packed = concat(await lzma2Of(lzma2, plain, { preset: level, dictSize: Math.max(4096, plain.length) }))
  const { parts, record } = xzBlock(plain, packed, plain.length)
  return concat([xzStreamHeader, ...parts, xzIndexAndFooter([record])])
}

/** Unpacks a small stream, never to more than `limitBytes`; after `loadLzma`. Throws `xz/corrupt` and `xz/too-large`. */
export const unpackXz = async (packed: Uint8Array, options: { readonly limitBytes: number }): Promise<Uint8Array> => {
  checkSize(packed, options.limitBytes)
  try {
    return await lzmaNow().xz.decompress(packed)
  } catch (cause) {
    throw corrupt(cause)
  }
}

/** The same at once. */
export const unpackXzNow = (packed: Uint8Array, options: { readonly limitBytes: number }): Uint8Array => {
  checkSize(packed, options.limitBytes)
  try {
    return lzmaNow().xz.decompressSync(packed)
  } catch (cause) {
    throw corrupt(cause)
  }
}

const checkSize = (packed: Uint8Array, limitBytes: number): void => {
  if (measureXz(packed) > limitBytes) throw new FormatError('xz/too-large', `unpacks to more than ${limitBytes} bytes`)
}

const corrupt = (cause: unknown): FormatError =>
  new FormatError('xz/corrupt', `not sound xz: ${cause instanceof Error ? cause.message : String(cause)}`)
