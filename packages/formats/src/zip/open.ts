// zip: the content of one entry, with its local header held against the directory and its bytes against size and checksum.
import { createInflateRaw } from 'node:zlib'
import { equalBytes, exactReader, type Fields, fieldsOf, type Source, streamRange } from '../bytes.ts'
import { crc32 } from '../crc32.ts'
import { FormatError } from '../format-error.ts'
import { through } from '../zlib-stream.ts'
import { type ZipFound, zip64Values } from './central.ts'
import * as zip from './zip.ts'

/**
 * Streams an entry's bytes. Throws `zip/too-large` (more than `limitBytes`), `zip/unsupported` (encrypted, or another method),
 * `zip/local-mismatch`, `zip/overlap`, `zip/truncated`, `zip/corrupt` (bad deflate), `zip/bad-size` and `zip/bad-checksum`.
 */
export async function* openEntry(source: Source, entry: ZipFound, options: { readonly limitBytes: number }): AsyncGenerator<Uint8Array> {
  const { path, offset } = entry
  if (entry.sizeBytes > options.limitBytes)
    throw new FormatError('zip/too-large', `${JSON.stringify(path)} has ${entry.sizeBytes} bytes`, offset)
  if ((entry.flags & (zip.flagEncrypted | zip.flagStrong | zip.flagMasked)) !== 0) {
    throw new FormatError('zip/unsupported', `${JSON.stringify(path)} is encrypted`, offset)
  }
  if (entry.method !== zip.methodStored && entry.method !== zip.methodDeflated) {
    throw new FormatError('zip/unsupported', `${JSON.stringify(path)} is packed by method ${entry.method}`, offset)
  }
  const read: Read = exactReader(source, torn)
  const dataOffset = await checkLocal(read, entry)
  let sizeBytes = 0
  let sum = 0
  for await (const chunk of unpacked(read, entry, dataOffset)) {
    sizeBytes += chunk.length
    if (sizeBytes > entry.sizeBytes) break
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (sizeBytes !== entry.sizeBytes)
    throw new FormatError('zip/bad-size', `${JSON.stringify(path)} has not ${entry.sizeBytes} bytes`, offset)
  if (sum !== entry.crc32) throw new FormatError('zip/bad-checksum', `${JSON.stringify(path)} does not have its checksum`, offset)
}

/** An entry that is stored as it is, to be read anywhere; nothing of it is held against its checksum. Throws as `openEntry` does. */
export const storedEntry = async (source: Source, entry: ZipFound): Promise<Source | undefined> => {
  if (entry.method !== zip.methodStored || (entry.flags & zip.flagEncrypted) !== 0) return undefined
  const read: Read = exactReader(source, torn)
  const dataOffset = await checkLocal(read, entry)
  const { sizeBytes } = entry
  return { sizeBytes, read: (offset, length) => read(dataOffset + offset, Math.max(0, Math.min(length, sizeBytes - offset))) }
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

const torn = (message: string, offset: number): FormatError => new FormatError('zip/truncated', message, offset)

async function* unpacked(read: Read, entry: ZipFound, dataOffset: number): AsyncGenerator<Uint8Array> {
  const packed = streamRange(read, { offset: dataOffset, sizeBytes: entry.compressedBytes })
  if (entry.method === zip.methodStored) {
    yield* packed
    return
  }
  const stream = createInflateRaw({ chunkSize: 1 << 18 })
  const corrupt = (message: string): FormatError =>
    new FormatError('zip/corrupt', `${JSON.stringify(entry.path)} does not unpack: ${message}`, entry.offset)
  yield* through(stream, packed, corrupt)
  if (stream.bytesWritten !== entry.compressedBytes) throw corrupt('bytes follow its last block')
}

/** Holds the local header against the directory; answers where the data begins. */
const checkLocal = async (read: Read, entry: ZipFound): Promise<number> => {
  const mismatch = (what: string): FormatError =>
    new FormatError('zip/local-mismatch', `${JSON.stringify(entry.path)}: its local header disagrees on ${what}`, entry.offset)
  const fields = fieldsOf(await read(entry.offset, zip.localBytes), 'little')
  if (fields.u32(0) !== zip.localSignature) throw mismatch('being there at all')
  if (fields.u16(6) !== entry.flags) throw mismatch('the flags')
  if (fields.u16(8) !== entry.method) throw mismatch('the method')
  const nameBytes = fields.u16(26)
  const rest = await read(entry.offset + zip.localBytes, nameBytes + fields.u16(28))
  if (!equalBytes(rest.subarray(0, nameBytes), entry.directory.subarray(entry.nameAt, entry.nameAt + entry.nameBytes)))
    throw mismatch('the name')
  const dataOffset = entry.offset + zip.localBytes + rest.length
  const dataEnd = dataOffset + entry.compressedBytes
  if (dataEnd > entry.limitOffset)
    throw new FormatError('zip/overlap', `${JSON.stringify(entry.path)} reaches into what follows it`, entry.offset)
  const written = [fields.u32(22), fields.u32(18)]
  const [sizeBytes, compressedBytes] = zip64Values(rest.subarray(nameBytes), { values: written, offset: entry.offset })
  const says = (isDescribed: boolean): boolean => {
    const agrees = (local: number | undefined, central: number): boolean => local === central || (isDescribed && local === 0)
    return agrees(fields.u32(14), entry.crc32) && agrees(sizeBytes, entry.sizeBytes) && agrees(compressedBytes, entry.compressedBytes)
  }
  const isDescribed = (entry.flags & zip.flagDescriptor) !== 0
  if (!says(isDescribed)) throw mismatch('the sizes or the checksum')
  if (isDescribed && !(await hasDescriptor(read, entry, dataEnd))) throw mismatch('the data descriptor')
  return dataOffset
}

/** 4.3.9: with or without a signature, with sizes of 32 or 64 bits; writers use all four. */
const hasDescriptor = async (read: Read, entry: ZipFound, offset: number): Promise<boolean> => {
  const fields = fieldsOf(await read(offset, Math.min(24, entry.limitOffset - offset)), 'little')
  return [0, 4].some(
    skip => (skip === 0 || isSigned(fields, entry, offset)) && [4, 8].some(width => describes(fields, entry, { skip, width, offset })),
  )
}

const isSigned = (fields: Fields, entry: ZipFound, offset: number): boolean =>
  entry.limitOffset - offset >= 16 && fields.u32(0) === zip.descriptorSignature

const describes = (
  fields: Fields,
  entry: ZipFound,
  { skip, width, offset }: { readonly skip: number; readonly width: number; readonly offset: number },
): boolean => {
  if (entry.limitOffset - offset < skip + 4 + 2 * width) return false
  if (fields.u32(skip) !== entry.crc32) return false
  // Compared in halves: a 64-bit number made of two 32-bit ones may be larger than a safe integer.
  const at = (index: number): number =>
    fields.u32(skip + 4 + index * width) + (width === 8 ? fields.u32(skip + 8 + index * width) * 2 ** 32 : 0)
  return at(0) === entry.compressedBytes && at(1) === entry.sizeBytes
}
