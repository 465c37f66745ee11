// nsis: how the data of an installer is packed, and its bytes unpacked (NSIS, Source/exehead/fileform.c; 7-Zip tells the kinds apart alike).
import { createInflateRaw } from 'node:zlib'
import { type ByteChunks, fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { loadLzma, unpackedBy } from '../xz/lzma.ts'
import { through } from '../zlib-stream.ts'
import { unpackNsisBzip2 } from './bzip2.ts'

export interface NsisPacking {
  readonly compression: 'none' | 'zlib' | 'bzip2' | 'lzma'
  /** All files are one stream. */
  readonly isSolid: boolean
}

/** The highest bit of a length: what follows is compressed. */
export const packedFlag = 0x80000000

/** By the first bytes of the data; `headerBytes` is the unpacked size of the script. */
export const packingOf = (head: Uint8Array, headerBytes: number): NsisPacking => {
  const length = fieldsOf(head, 'little').u32(0)
  if (length === headerBytes) return { compression: 'none', isSolid: false }
  // A solid stream may begin with any bytes, so the length has to be one that a packed script has.
  const isLength = length >= packedFlag && length - packedFlag <= headerBytes + 64
  const isSolid = !isLength || isLzma(head) || isBzip2(head)
  const data = isSolid ? head : head.subarray(4)
  return { compression: isLzma(data) ? 'lzma' : isBzip2(data) ? 'bzip2' : 'zlib', isSolid }
}

/** Its settings, then a window whose size has no low bits, then a stream that begins with zero. */
const isLzma = (data: Uint8Array): boolean => data[0] === 0x5d && data[1] === 0 && data[2] === 0 && data[5] === 0
/** NSIS' own: no head, a block begins with `1`, and the place of its first byte has fewer than 20 bits. */
const isBzip2 = (data: Uint8Array): boolean => data[0] === 0x31 && (data[1] ?? 0xff) < 14

/** Throws `nsis/corrupt`, `xz/no-library`. */
export const unpackNsis = (packing: NsisPacking, chunks: ByteChunks): AsyncIterable<Uint8Array> => {
  if (packing.compression === 'lzma') return unpackLzma(chunks)
  if (packing.compression === 'bzip2') return unpackNsisBzip2(chunks)
  return packing.compression === 'zlib' ? through(createInflateRaw({ chunkSize: 1 << 18 }), chunks, corrupt) : plain(chunks)
}

async function* plain(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const corrupt = (message: string): FormatError => new FormatError('nsis/corrupt', `it does not unpack: ${message}`)

const settingsBytes = 5

/** A .lzma file has, behind the settings, the size: here unknown, for the stream marks its end. */
async function* unpackLzma(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  const { lzma } = await loadLzma()
  yield* unpackedBy(
    input => lzma.decompressStream(input),
    asLzmaFile(chunks),
    cause => corrupt(cause instanceof Error ? cause.message : String(cause)),
  )
}

async function* asLzmaFile(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  let left = settingsBytes
  for await (const chunk of chunks) {
    const settings = chunk.subarray(0, left)
    left -= settings.length
    if (settings.length > 0) yield settings.slice()
    if (left === 0 && settings.length > 0) yield new Uint8Array(8).fill(0xff)
    if (settings.length < chunk.length) yield chunk.slice(settings.length)
  }
}
