// zip, reading by its central directory: everything that a local header could say otherwise is compared (PKWARE APPNOTE 6.3.10).
import { exactReader, type Fields, fieldsOf, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { type ZipFound, readCentral } from './central.ts'
import * as zip from './zip.ts'

export type { ZipFound } from './central.ts'
export { openEntry, storedEntry } from './open.ts'

export interface ZipReading {
  /** Default 1,000,000. */
  readonly limitEntries?: number
}

/**
 * The entries of a zip, in the order of its directory. Paths are as written: check them with `isInsidePath`.
 * Throws `zip/no-end`, `zip/truncated`, `zip/bad-end`, `zip/bad-directory`, `zip/bad-name`, `zip/duplicate`, `zip/overlap`,
 * `zip/unsupported` (several disks) and `zip/too-many-entries`.
 */
export const readZip = async (source: Source, options: ZipReading = {}): Promise<readonly ZipFound[]> => {
  const read = exactReader(source, torn)
  const { offset, sizeBytes, count } = await findDirectory(source, read)
  if (count > (options.limitEntries ?? 1_000_000)) throw new FormatError('zip/too-many-entries', `${count} entries are too many`)
  if (count * zip.centralBytes > sizeBytes)
    throw new FormatError('zip/bad-directory', `${count} entries do not fit into ${sizeBytes} bytes`, offset)
  if (sizeBytes > limitDirectoryBytes) throw new FormatError('zip/bad-directory', `a directory of ${sizeBytes} bytes`, offset)
  return readCentral(await read(offset, sizeBytes), { offset, count })
}

const limitDirectoryBytes = 1 << 28

const torn = (message: string, offset: number): FormatError => new FormatError('zip/truncated', message, offset)

interface Directory {
  readonly offset: number
  readonly sizeBytes: number
  readonly count: number
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

const findDirectory = async (source: Source, read: Read): Promise<Directory> => {
  const tailBytes = Math.min(source.sizeBytes, zip.endBytes + zip.max16 + zip.zip64LocatorBytes)
  const tailOffset = source.sizeBytes - tailBytes
  const tail = fieldsOf(await read(tailOffset, tailBytes), 'little')
  const at = findEnd(tail, tailBytes)
  const endOffset = tailOffset + at
  if (tail.u16(at + 4) !== 0 || tail.u16(at + 6) !== 0 || tail.u16(at + 8) !== tail.u16(at + 10)) {
    // 0xffff here announces zip64, which counts disks itself.
    const isLarge = tail.u16(at + 4) === zip.max16 || tail.u16(at + 6) === zip.max16
    if (!isLarge) throw new FormatError('zip/unsupported', 'the archive is spread over several files', endOffset)
  }
  const small: Directory = { count: tail.u16(at + 10), sizeBytes: tail.u32(at + 12), offset: tail.u32(at + 16) }
  const hasLocator = at >= zip.zip64LocatorBytes && tail.u32(at - zip.zip64LocatorBytes) === zip.zip64LocatorSignature
  if (!hasLocator) return endingAt(small, endOffset)
  const largeOffset = checkLocator(tail, at - zip.zip64LocatorBytes, endOffset)
  return endingAt(await readLarge(read, { small, offset: largeOffset, endOffset }), largeOffset)
}

/** The end record is the last one whose comment reaches exactly to the end of the file. */
const findEnd = (tail: Fields, tailBytes: number): number => {
  for (let at = tailBytes - zip.endBytes; at >= Math.max(0, tailBytes - zip.endBytes - zip.max16); at--) {
    if (tail.u32(at) === zip.endSignature && tail.u16(at + 20) === tailBytes - at - zip.endBytes) return at
  }
  throw new FormatError('zip/no-end', 'no end record: not a zip, cut off, or with bytes behind its end')
}

/** A directory must end where the end records begin; otherwise two readers could see two directories. */
const endingAt = (directory: Directory, endOffset: number): Directory => {
  if (directory.offset + directory.sizeBytes === endOffset) return directory
  const told = `${directory.sizeBytes} bytes at ${directory.offset}`
  throw new FormatError('zip/bad-end', `the directory (${told}) does not end at the end record`, endOffset)
}

const checkLocator = (tail: Fields, at: number, endOffset: number): number => {
  const offset = tail.u64(at + 8)
  if (tail.u32(at + 4) !== 0 || tail.u32(at + 16) > 1)
    throw new FormatError('zip/unsupported', 'the archive is spread over several files', endOffset)
  if (offset + zip.zip64EndBytes <= endOffset - zip.zip64LocatorBytes) return offset
  throw new FormatError('zip/bad-end', `the zip64 end record cannot be at ${offset}`, endOffset)
}

interface LargeEnd {
  readonly small: Directory
  readonly offset: number
  readonly endOffset: number
}

const readLarge = async (read: Read, { small, offset, endOffset }: LargeEnd): Promise<Directory> => {
  const record = fieldsOf(await read(offset, zip.zip64EndBytes), 'little')
  if (record.u32(0) !== zip.zip64EndSignature) throw new FormatError('zip/bad-end', 'the zip64 locator points at no end record', offset)
  if (offset + 12 + record.u64(4) !== endOffset - zip.zip64LocatorBytes) {
    throw new FormatError('zip/bad-end', 'the zip64 end record does not end at its locator', offset)
  }
  if (record.u32(16) !== 0 || record.u32(20) !== 0 || record.u64(24) !== record.u64(32)) {
    throw new FormatError('zip/unsupported', 'the archive is spread over several files', offset)
  }
  const large: Directory = { count: record.u64(32), sizeBytes: record.u64(40), offset: record.u64(48) }
  const agrees = (key: keyof Directory, sentinel: number): boolean => small[key] === sentinel || small[key] === large[key]
  if (agrees('count', zip.max16) && agrees('sizeBytes', zip.max32) && agrees('offset', zip.max32)) return large
  throw new FormatError('zip/bad-end', 'the end record and the zip64 end record disagree', offset)
}
